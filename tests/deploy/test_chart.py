"""The Helm chart: linted, rendered, and checked against the schemas of the oldest and newest
Kubernetes that it is for; and what it renders is as closed as the page says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from shenyong.settings import load

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "shenyong"
HELM = Path(sys.executable).parent / "helm"
VERSIONS = ("1.27", "1.37")
LEAST = ["--set", "existingSecret=shenyong-keys"]
FULL = [
    *LEAST,
    "--values", str(ROOT / "tests" / "deploy" / "values-full.yaml"),
]  # fmt: skip
NOT_KUBERNETES_OWN = {"ServiceMonitor"}
"""Kinds of another project, whose schema is not Kubernetes'."""
Manifest = dict[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert HELM.exists(), "make setup puts helm there"
    return subprocess.run([str(HELM), *arguments], capture_output=True, text=True, check=False)


def rendered(*arguments: str) -> list[Manifest]:
    done = helm("template", "trial", str(CHART), "--namespace", "shenyong", *arguments)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.fixture(scope="module")
def least() -> list[Manifest]:
    return rendered(*LEAST)


@pytest.fixture(scope="module")
def full() -> list[Manifest]:
    return rendered(*FULL)


def only(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = (each for each in manifests if each["kind"] == kind)
    return found


def pods(manifests: list[Manifest]) -> list[Manifest]:
    return [
        each["spec"]["template"]["spec"]
        for each in manifests
        if each["kind"] in ("Deployment", "Job")
    ]


@pytest.mark.parametrize("values", [LEAST, FULL], ids=["least", "full"])
def test_the_linter_finds_nothing(values: list[str]) -> None:
    done = helm("lint", "--strict", str(CHART), *values)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("which", ["least", "full"])
def test_every_manifest_fits_the_schema(
    version: str, which: str, request: pytest.FixtureRequest
) -> None:
    checked = 0
    for each in request.getfixturevalue(which):
        if each["kind"] not in NOT_KUBERNETES_OWN:
            kubernetes_validate.validate(each, version, strict=True)
            checked += 1
    assert checked >= 8


def test_the_check_finds_what_is_wrong(least: list[Manifest]) -> None:
    wrong = json.loads(json.dumps(only(least, "Deployment")))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--set", "existingSecret="],
        ["--set", "replicas=0"],
        ["--set", "image.digest=latest"],
        ["--set", "network.models.prots={1}"],
        ["--set", "url=example"],
    ],
)
def test_values_that_make_no_sense_are_refused(wrong: list[str]) -> None:
    done = helm("template", "trial", str(CHART), *LEAST, *wrong)
    assert done.returncode != 0
    assert "schema" in done.stderr or "at '/" in done.stderr


def test_two_replicas_one_of_which_always_stays(least: list[Manifest]) -> None:
    deployment, budget = only(least, "Deployment"), only(least, "PodDisruptionBudget")
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert budget["spec"]["minAvailable"] == 1
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for each in (budget, deployment):
        assert each["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for each in least:
        if each["kind"] == "Service":
            assert each["spec"]["selector"].items() <= labels.items()


def test_the_job_is_nobody_s_endpoint(least: list[Manifest]) -> None:
    labels = only(least, "Job")["spec"]["template"]["metadata"]["labels"]
    for each in least:
        if each["kind"] == "Service":
            assert not each["spec"]["selector"].items() <= labels.items()


@pytest.mark.parametrize("which", ["least", "full"])
def test_every_pod_is_closed(which: str, request: pytest.FixtureRequest) -> None:
    found = pods(request.getfixturevalue(which))
    assert len(found) == 2
    for pod in found:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in pod["containers"]:
            context = each["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in each["resources"]["limits"]


def test_nothing_goes_out_that_was_not_named(least: list[Manifest], full: list[Manifest]) -> None:
    spec = only(least, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53]
    assert all(rule.get("to") for rule in spec["egress"]), "a rule without `to` is everywhere"
    spec = only(full, "NetworkPolicy")["spec"]
    assert all(rule.get("to") for rule in spec["egress"])
    assert all(rule.get("from") for rule in spec["ingress"])
    ports = sorted({port["port"] for rule in spec["egress"] for port in rule["ports"]})
    assert ports == [53, 5432, 8000, 8611]
    for each in pods(full):  # the policy is over both, the job too
        assert each
    chosen = spec["podSelector"]["matchLabels"].items()
    for kind in ("Deployment", "Job"):
        assert chosen <= only(full, kind)["spec"]["template"]["metadata"]["labels"].items()


def test_keys_are_mounted_so_that_shenyong_takes_them(least: list[Manifest]) -> None:
    for pod in pods(least):
        (keys,) = (each["secret"] for each in pod["volumes"] if each["name"] == "keys")
        assert keys == {"secretName": "shenyong-keys", "defaultMode": 0o440}
        assert keys["defaultMode"] & 0o007 == 0
    assert not any(each["kind"] == "Secret" for each in least)


def test_the_environment_names_settings_that_there_are(
    full: list[Manifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    toml = tmp_path / "shenyong.toml"
    toml.write_text(only(full, "ConfigMap")["data"]["shenyong.toml"], "utf-8")
    for pod in pods(full):
        environ = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
        settings = load(toml, environ).settings
        assert settings.public.port == 8602
        assert settings.web.contact == "資訊室"


def test_probes_are_the_gateway_s_own(least: list[Manifest]) -> None:
    (gateway,) = only(least, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert gateway["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert gateway["livenessProbe"]["httpGet"]["path"] == "/healthz"
    from shenyong.gateway.app import UNAUDITED

    assert {"/readyz", "/healthz", "/metrics"} <= UNAUDITED


def test_what_is_optional_is_off_and_comes_when_asked(
    least: list[Manifest], full: list[Manifest]
) -> None:
    optional = {"HorizontalPodAutoscaler", "ServiceMonitor"}
    assert not optional & {each["kind"] for each in least}
    assert optional <= {each["kind"] for each in full}
    assert "replicas" not in only(full, "Deployment")["spec"], "the autoscaler's to say"
    image = only(full, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "example/shenyong@sha256:" + "0" * 64
