#!/bin/sh
# Installs the Debian packages that Ginnel's build, demo, tests and benchmark need.
# The one list: the Makefile and .ci/run both call this. Usage: packages.sh [run|test|bench|bench-api]
set -eu

what=${1:-run}
# run: the C compiler is for the bundled SQLite; curl is the demo's client.
packages="gcc libc6-dev make curl iproute2"
case "$what" in
run) ;;
# test: the BPF object is compiled again and compared; the AWS CLI and boto3 are real clients;
# tshark reads captures (its question about setuid is not asked: the answer is no).
test) packages="$packages clang-14 llvm-14 libclang-14-dev libbpf-dev linux-libc-dev python3 python3-pip tshark" ;;
bench) packages="$packages nftables haproxy" ;;
# bench-api: moto_server is the emulator that Ginnel is compared with.
bench-api) packages="$packages python3 python3-pip" ;;
*)
	echo "packages.sh: unknown set '$what'; give run, test, bench or bench-api" >&2
	exit 2
	;;
esac

missing=""
for package in $packages; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
		missing="$missing $package"
done
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "packages.sh: these packages are missing:$missing. Run: sudo scripts/packages.sh $what" >&2
		exit 1
	fi
	echo "installing:$missing"
	apt-get update -q >/dev/null
	# No service may start because its package is installed (haproxy).
	printf '#!/bin/sh\nexit 101\n' >/tmp/ginnel-policy-rc.d
	had_policy=0
	[ -e /usr/sbin/policy-rc.d ] && had_policy=1
	[ "$had_policy" = 1 ] || install -m 755 /tmp/ginnel-policy-rc.d /usr/sbin/policy-rc.d
	status=0
	# shellcheck disable=SC2086 # the list is meant to be split
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null || status=$?
	[ "$had_policy" = 1 ] || rm -f /usr/sbin/policy-rc.d
	rm -f /tmp/ginnel-policy-rc.d
	[ "$status" = 0 ] || exit "$status"
fi

# Python packages, into the system's Python; Debian's wants to be told that this is meant.
pip_install() {
	python3 -m pip install --quiet --break-system-packages "$@" 2>/dev/null ||
		python3 -m pip install --quiet "$@"
}

if [ "$what" = test ]; then
	# The real AWS CLI and boto3, which the acceptance tests drive.
	if ! command -v aws >/dev/null 2>&1 || ! python3 -c 'import boto3' 2>/dev/null; then
		pip_install awscli boto3
	fi
	# Another reader for the Parquet files of flow logs; its test says so if it is not there.
	python3 -c 'import pyarrow' 2>/dev/null || pip_install pyarrow
	command -v cargo-nextest >/dev/null 2>&1 || cargo install --locked --quiet cargo-nextest
fi

if [ "$what" = bench-api ]; then
	command -v moto_server >/dev/null 2>&1 || pip_install 'moto[server]'
fi
