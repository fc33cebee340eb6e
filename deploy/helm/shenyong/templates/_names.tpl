{{- define "shenyong.name" -}}
{{- if contains "shenyong" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-shenyong" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "shenyong.selector" -}}
app.kubernetes.io/name: shenyong
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shenyong.labels" -}}
{{ include "shenyong.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "shenyong.account" -}}
{{ .Values.serviceAccount.name | default (include "shenyong.name" .) }}
{{- end }}

{{- define "shenyong.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What a pod of ours may not do. */}}
{{- define "shenyong.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "shenyong.container" -}}
image: {{ include "shenyong.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
env:
  - { name: SHENYONG__DATABASE__DATA_DIR, value: "" }
  - { name: SHENYONG__DATABASE__DSN_FILE, value: /etc/shenyong/keys/dsn }
  - { name: SHENYONG__LEDGER__SIGNING_KEY_FILE, value: /etc/shenyong/keys/signing.key }
  - { name: SHENYONG__LEDGER__DIGEST_KEY_FILE, value: /etc/shenyong/keys/digest.key }
  - { name: SHENYONG__REGISTRY__PEPPER_FILE, value: /etc/shenyong/keys/pepper.key }
  - { name: SHENYONG__SERVER__HOST, value: "0.0.0.0" }
  - { name: SHENYONG__SERVER__PORT, value: "8601" }
  - { name: SHENYONG__SERVER__WORKERS, value: {{ .Values.workers | quote }} }
  - { name: SHENYONG__SERVER__PUBLIC_URL, value: {{ .Values.url | quote }} }
  - { name: SHENYONG__PUBLIC__HOST, value: "0.0.0.0" }
  - { name: SHENYONG__PUBLIC__PORT, value: {{ ternary "8602" "0" .Values.public.enabled | quote }} }
  - { name: SHENYONG__PUBLIC__PUBLIC_URL, value: {{ .Values.public.url | quote }} }
volumeMounts:
  - { name: settings, mountPath: /etc/shenyong/shenyong.toml, subPath: shenyong.toml, readOnly: true }
  - { name: keys, mountPath: /etc/shenyong/keys, readOnly: true }
  - { name: scratch, mountPath: /tmp }
{{- end }}

{{- define "shenyong.volumes" -}}
- name: settings
  configMap: { name: {{ include "shenyong.name" . }} }
- name: keys
  # 0440: Shenyong refuses a key that everybody could read.
  secret: { secretName: {{ .Values.existingSecret }}, defaultMode: 0440 }
- name: scratch
  emptyDir: { medium: Memory, sizeLimit: 256Mi }
{{- end }}
