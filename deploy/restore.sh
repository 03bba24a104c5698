#!/bin/sh
# Restores an archive of NKVM into a claim with kubectl and tar alone (and age, where it is encrypted), without NKVM.
#
#   restore.sh [options] ARCHIVE NAMESPACE/CLAIM [PATH...]
#
# ARCHIVE is a .tar.gz, a .tar.gz.age or a .tar on this machine; with its manifest beside it (ARCHIVE.json) its SHA-256 is
# checked. PATHs are names in the archive as `tar -tzf` shows them (./a/b); without any, everything is restored.
# An increment needs its manifest, and the archives that the manifest names, in the same directory. They are restored one after
# the other into an empty claim, all of them.
#
#   --identity FILE   secret key (AGE-SECRET-KEY-1...) that opens a .tar.gz.age
#   --size 10Gi       creates the claim with this size
#   --class NAME      StorageClass of a created claim; without it, the cluster's default
#   --overwrite       takes a claim that is not empty: files of the archive replace those of the claim
#   --image IMAGE     of the pod that unpacks: GNU tar, gzip and sh   (default: debian:stable-slim)
#   --timeout 300s    how long the pod may take to start
#
# Needs: kubectl with the rights to create pods, pods/exec and claims in the namespace; sha256sum, tar and gzip here.
set -eu

fail() { printf 'restore.sh: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }

size='' class='' overwrite='' identity='' image=debian:stable-slim timeout=300s
while [ $# -gt 0 ]; do
  case $1 in
    --size) size=${2:?--size needs a value}; shift 2 ;;
    --class) class=${2:?--class needs a value}; shift 2 ;;
    --image) image=${2:?--image needs a value}; shift 2 ;;
    --timeout) timeout=${2:?--timeout needs a value}; shift 2 ;;
    --identity) identity=${2:?--identity needs a file}; shift 2 ;;
    --overwrite) overwrite=yes; shift ;;
    -h | --help) sed -n '2,21s/^# \{0,1\}//p' "$0"; exit ;;
    -*) fail "there is no option $1; see $0 --help" ;;
    *) break ;;
  esac
done
[ $# -ge 2 ] || fail "usage: $0 [options] ARCHIVE NAMESPACE/CLAIM [PATH...]; see $0 --help"
archive=$1
namespace=${2%%/*}
claim=${2#*/}
shift 2
[ "$namespace/$claim" != "$namespace/" ] && [ "$namespace" != "$claim" ] || fail "name the claim as NAMESPACE/CLAIM"
[ -r "$archive" ] || fail "$archive cannot be read"
k() { kubectl --namespace "$namespace" "$@"; }

# --- the archives, before anything changes ---
case $archive in
  */*) directory=${archive%/*}/ ;;
  *) directory='' ;;
esac
contents() {
  case $1 in
    *.age) age --decrypt --identity="$identity" "$1" ;;
    *) cat "$1" ;;
  esac
}
gzip_of() { case $1 in *.tar) ;; *) echo --gzip ;; esac; }

# check ARCHIVE [SHA256]
check() {
  case $1 in
    *.age)
      [ -n "$identity" ] || fail "$1 is encrypted: give --identity, or decrypt it first with age --decrypt"
      command -v age >/dev/null || fail "age is not installed here; it decrypts $1"
      contents "$1" >/dev/null || fail "$1 cannot be decrypted with $identity, or is damaged" ;;
  esac
  if [ -n "$2" ]; then
    found=$(contents "$1" | sha256sum | cut -d ' ' -f 1)
    [ "$2" = "$found" ] || fail "$1 is not what was backed up: SHA-256 $found instead of $2"
  fi
  if [ -n "$(gzip_of "$1")" ]; then
    contents "$1" | gzip -t || fail "$1 is not a complete .tar.gz"
  else
    tar -tf "$1" >/dev/null || fail "$1 is not a complete .tar"
  fi
}

# The file of an archive that a manifest names; it may be encrypted.
file_of() {
  for file in "$directory$1" "$directory$1.age"; do
    [ ! -r "$file" ] || { printf '%s\n' "$file"; return; }
  done
  fail "$archive is an increment and needs $1, which is not in the same directory"
}

# Names and digests of the archives that come before, the full one first, from the lines of the manifest.
links_of() {
  sed -n '/^  "chain": {/,/^  }/{
    s/^ \{8\}"archive": "\([a-z0-9._-]*\)".*/\1/p
    s/^ \{8\}"sha256": "\([0-9a-f]*\)".*/\1/p
  }' "$1" | paste -d ' ' - -
}

before='' incremental=''
if [ -r "$archive.json" ]; then
  # The first sha256 at the left edge of the manifest is that of the archive; others are indented further.
  wanted=$(sed -n 's/^  "sha256": "\([0-9a-f]*\)".*/\1/p' "$archive.json" | head -n 1)
  [ -n "$wanted" ] || fail "$archive.json has no SHA-256 of the archive"
  check "$archive" "$wanted"
  say "The SHA-256 of the archive is that of its manifest."
  links=$(links_of "$archive.json")
  while read -r name sha256; do
    [ -n "$name" ] || continue
    file=$(file_of "$name") || exit
    check "$file" "$sha256"
    before="$before$file
"
  done <<LINKS
$links
LINKS
else
  say "There is no manifest beside $archive: nothing says what it should hold."
  check "$archive" ''
  # Each directory of an increment, and of the full archive before it, has a list of its names.
  lists=$(contents "$archive" | if [ -n "$(gzip_of "$archive")" ]; then gzip -dc; else cat; fi | head -c 1048576 | grep -ac '[0-9] GNU\.dumpdir=' || true)
  [ "$lists" = 0 ] ||
    fail "$archive may be an increment: put its manifest beside it, $archive.json, which names the archives that it needs"
fi
if [ -n "$before" ]; then
  incremental=--listed-incremental=/dev/null
  [ $# = 0 ] || fail "$archive is an increment: restore all of it into a new claim, and take single files from there"
  [ -z "$overwrite" ] || fail "$archive is an increment, which can be restored only into an empty claim; leave out --overwrite"
  say "It is an increment: $(printf %s "$before" | grep -c .) archives before it are restored first, and are what they should be."
fi

# --- the claim ---
if k get pvc "$claim" -o name >/dev/null 2>&1; then
  [ -z "$size$class" ] || fail "claim $namespace/$claim exists; leave out --size and --class, or name a new claim"
  users=$(k get pods -o go-template='{{range .items}}{{$pod := .}}{{range .spec.volumes}}{{if .persistentVolumeClaim}}{{if eq .persistentVolumeClaim.claimName "'"$claim"'"}}{{if and (ne $pod.status.phase "Succeeded") (ne $pod.status.phase "Failed")}}{{$pod.metadata.name}} {{end}}{{end}}{{end}}{{end}}{{end}}')
  [ -z "$users" ] || fail "claim $namespace/$claim is used by $users; stop them first, e.g. with kubectl scale --replicas=0"
else
  [ -n "$size" ] || fail "there is no claim $namespace/$claim; give --size to create it"
  {
    printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: "%s"}\n' "$claim"
    printf 'spec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: "%s"}}\n' "$size"
    [ -z "$class" ] || printf '  storageClassName: "%s"\n' "$class"
  } | k create -f -
fi

# --- the pod that unpacks ---
pod=restore-by-hand-$(date +%s)
trap 'k delete pod "$pod" --ignore-not-found --wait=true >/dev/null 2>&1' EXIT
trap 'exit 1' INT TERM
k create -f - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata: {name: $pod}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: restore
      image: "$image"
      command: [sh, -c, 'trap "exit 0" TERM; sleep 86400 & wait']
      workingDir: /restore
      securityContext:
        runAsUser: 0
        allowPrivilegeEscalation: false
        capabilities: {drop: [ALL], add: [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP]}
      volumeMounts: [{name: volume, mountPath: /restore}]
  volumes: [{name: volume, persistentVolumeClaim: {claimName: "$claim"}}]
POD
k wait "pod/$pod" --for=condition=Ready --timeout="$timeout" >/dev/null ||
  fail "pod $namespace/$pod did not start; see why with: kubectl describe pod $pod -n $namespace"
k exec "$pod" -- sh -c 'tar --version | grep -q "GNU tar"' || fail "image $image has no GNU tar; give another --image"
inside=$(k exec "$pod" -- sh -c 'ls -A | grep -vx lost+found | head -n 3 | tr "\n" " "')
[ -z "$inside" ] || [ -n "$overwrite" ] ||
  fail "claim $namespace/$claim is not empty: $inside…; give --overwrite to replace its files, or name a new claim"

# --- unpack, then compare ---
# An attribute that this kind of volume cannot keep is a message of tar and exit code 2, so both are shown and go on.
unpack() {
  file=$1
  shift
  contents "$file" | k exec -i "$pod" -- tar --extract $(gzip_of "$file") $incremental --preserve-permissions \
    --delay-directory-restore --same-owner --numeric-owner --acls --xattrs \
    --xattrs-include='*' --xattrs-exclude='trusted.*' --xattrs-exclude='security.selinux' \
    --xattrs-exclude='system.nfs4_acl' --file=- "$@" ||
    fail "tar could not restore all of $file, see its messages above; the claim may hold a part of the archive"
  contents "$file" | k exec -i "$pod" -- tar --compare $(gzip_of "$file") --numeric-owner --file=- "$@" ||
    fail "the volume differs from $file, see above"
}

# With the names that a directory had, tar deletes others: the directory of the file system, too.
found=$(k exec "$pod" -- sh -c 'ls -d lost+found 2>/dev/null || true')
# Not from standard input, which is that of tar.
while read -r file <&3; do
  [ -z "$file" ] || unpack "$file"
done 3<<BEFORE
$before
BEFORE
unpack "$archive" "$@"
[ -z "$found" ] || k exec "$pod" -- sh -c '[ -d lost+found ] || mkdir -m 700 lost+found'
say "Restored into claim $namespace/$claim, and compared: contents, sizes, owners, modes and times are those of the archive."
