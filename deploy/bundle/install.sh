#!/bin/sh
# 審用離線安裝。 Installs Shenyong from this folder; reads nothing from any network.
#
#   ./install.sh [--prefix /opt/shenyong] [--data /var/lib/shenyong] [--user NAME]
#                [--python python3] [--units] [--no-check] [--program-only]
#
# 1 每個檔案的 SHA-256            every file against SHA256SUMS
# 2 這台機器合不合                this machine against what the bundle was made for
# 3 新的虛擬環境 PREFIX/版本      a fresh environment, from wheels named by hash, offline
# 4 DATA 是空的就建立設定與金鑰   settings and keys, if DATA has none
# 5 建立資料表                    the tables
# 6 啟動看看，再停下              started once, asked, and stopped
# 已有安裝時不動資料，只說下一步。 An installation that is there is left alone: what to do is said.
# --user：資料的所有人（已有的帳號）。 --program-only：只做 1 到 3。
# --units：1 到 3，加上 systemd 單元與 /etc/shenyong。 1 to 3, the units, and /etc/shenyong.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd)
prefix=/opt/shenyong
data=/var/lib/shenyong
user=
python=python3
units=
check=yes
program_only=

stop() {
    printf '%s\n' "$1" >&2
    exit "${2:-2}"
}

while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=${2:?} && shift ;;
    --data) data=${2:?} && shift ;;
    --user) user=${2:?} && shift ;;
    --python) python=${2:?} && shift ;;
    --units) units=yes ;;
    --no-check) check= ;;
    --program-only) program_only=yes ;;
    -h | --help)
        sed -n '2,17s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) stop "不認得的選項 unknown option: $1" ;;
    esac
    shift
done
case $prefix$data in
/*) ;;
*) stop '--prefix 與 --data 要寫完整路徑。 Give full paths.' ;;
esac

cd "$here"
version=$(cat version)

# 1
sha256sum -c --quiet --strict SHA256SUMS || stop '檔案不完整或被改過，沒有安裝。 Files are damaged or altered; nothing was installed.' 1

# 2
read -r wanted processor glibc <machine
command -v "$python" >/dev/null || stop "找不到 Python：$python。 There is no such Python; name one with --python."
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = "$wanted" ] || stop "這一包給 Python $wanted，這裡是 $found；用 --python 指定。 The bundle is for another Python."
[ "$(uname -m)" = "$processor" ] || stop "這一包給 $processor，這台是 $(uname -m)。 The bundle is for another processor."
"$python" - "$glibc" <<'PY' || stop "這台的 C 函式庫比 glibc $glibc 舊。 This machine's C library is too old."
import platform, sys
have, wanted = platform.libc_ver()[1], sys.argv[1]
number = lambda text: [int(each) for each in text.split(".")[:2]]
sys.exit(not have or number(have) < number(wanted))
PY

# 3
home=$prefix/$version
[ ! -e "$home" ] || stop "$home 已經有了；要重裝請先移走。 It is there already; move it away to install it anew."
work=$(mktemp -d)
began=
trap 'rm -rf "$work"; [ -z "$began" ] || rm -rf "$home"' EXIT
trap 'exit 130' INT TERM
"$python" -m zipfile -e installer/uv-*.whl "$work"
uv=$(find "$work" -type f -path '*/scripts/uv')
chmod 0755 "$uv"
mkdir -p "$prefix"
began=yes
export UV_OFFLINE=1 UV_NO_CONFIG=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
"$uv" venv -q --python "$python" "$home"
"$uv" pip install -q --python "$home/bin/python" --no-index --find-links wheels \
    --require-hashes --compile-bytecode -r requirements.txt
"$home/bin/shenyong" version >/dev/null
began=
ln -sfn "$version" "$prefix/current"
echo "已安裝 installed: $home"

shenyong=$prefix/current/bin/shenyong
# As the owner of the data. It becomes the command, so that a signal to it reaches the command.
become() {
    if [ -n "$user" ] && [ "$(id -un)" != "$user" ]; then
        exec setpriv --reuid "$user" --regid "$(id -gn "$user")" --init-groups "$@"
    fi
    exec "$@"
}

if [ -n "$units" ]; then
    mkdir -p /etc/systemd/system /etc/sysusers.d /etc/shenyong
    for each in deploy/systemd/*.service deploy/systemd/*.timer; do
        sed "s#/opt/shenyong#$prefix#g" "$each" >"/etc/systemd/system/$(basename "$each")"
    done
    cp deploy/systemd/shenyong.sysusers /etc/sysusers.d/shenyong.conf
    systemd-sysusers /etc/sysusers.d/shenyong.conf
    # The keys stay root's: systemd hands each service the ones that its unit names.
    [ -e /etc/shenyong/shenyong.toml ] || "$shenyong" init /etc/shenyong --no-ask
    chmod 0755 /etc/shenyong
    echo '已放入 systemd 單元與 /etc/shenyong；接著照 docs/install.zh-TW.md 選資料庫。'
    echo 'The units and /etc/shenyong are laid; go on in docs/install.md, at the database.'
    exit 0
fi

[ -z "$program_only" ] || exit 0

if [ -e "$data/shenyong.toml" ]; then
    cat <<EOF
$data 已有安裝，資料沒有動。 There is an installation; its data were not touched. Next:
  cd $data && $shenyong backup 備份資料夾
  停下舊的 stop the old one, then: $shenyong migrate --config shenyong.toml
  啟動新的 start the new one
EOF
    exit 0
fi

# 4
mkdir -p "$data"
chmod 0750 "$data"
[ -z "$user" ] || chown "$user" "$data"
(become "$shenyong" init "$data" --no-ask)

# 5
cd "$data"
(become "$shenyong" migrate)

# 6
if [ -n "$check" ]; then
    port=$("$home/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    (become env SHENYONG__SERVER__PORT="$port" "$shenyong" serve >"$work/serve.log" 2>&1) &
    served=$!
    answered=$("$home/bin/python" - "$port" "$served" <<'PY'
import http.client, os, sys, time
port, process = int(sys.argv[1]), int(sys.argv[2])
until = time.monotonic() + 600  # a busy machine compiles the detectors for minutes
while time.monotonic() < until and os.path.exists(f"/proc/{process}"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        if connection.getresponse().status == 200:
            print("yes")
            break
    except OSError:
        time.sleep(0.1)
    finally:
        connection.close()
PY
)
    kill -TERM "$served" 2>/dev/null || true
    wait "$served" || true
    if [ "$answered" != yes ]; then
        cat "$work/serve.log" >&2
        stop '裝好了，但服務沒有回應；原因在上面。 Installed, but the service did not answer; see above.' 3
    fi
    echo '已啟動並回應過，現在停著。 Started, answered, and stopped again.'
fi
cat <<EOF
下一步 next:
  cd $data && $shenyong doctor
  $shenyong serve
EOF
