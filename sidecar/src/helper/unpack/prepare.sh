# Checks that the image can unpack, and takes the program that does it from standard input, as a tar. It runs in the helper pod
# as `sh -c <this text> nkvm-prepare WORK SHA256` (prepare.ts). Exit code 127: the image lacks what standard error names; 3:
# something else arrived than was sent.

set -u
umask 077
export LC_ALL=C
cd "$1" || exit 125
missing=
for tool in node awk mkfifo gzip find sha256sum; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing, $tool"
done
if ! tar --version 2>/dev/null | grep -q 'GNU tar'; then
  missing="$missing, GNU tar"
elif [ -n "$(tar --create --file=/dev/null --xattrs --acls --files-from=/dev/null 2>&1)" ]; then
  missing="$missing, a GNU tar that keeps extended attributes and ACLs"
fi
[ -z "$missing" ] || { echo "the helper image lacks ${missing#, }" >&2; exit 127; }
rm -rf program program.tar
cat >program.tar
echo "$2  program.tar" | sha256sum --check --status || exit 3
mkdir program && tar --extract --file=program.tar --directory=program --no-same-owner
