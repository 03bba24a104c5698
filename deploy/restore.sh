#!/bin/sh
# Restores an archive of NKVM into a claim with kubectl and tar alone (and age, where it is encrypted), without NKVM.
#
#   restore.sh [options] ARCHIVE NAMESPACE/CLAIM [PATH...]
#
# ARCHIVE is a .tar.gz, a .tar.gz.age or a .tar on this machine; with its manifest beside it (ARCHIVE.json) its SHA-256 is
# checked. PATHs are names in the archive as `tar -tzf` shows them (./a/b); without any, everything is restored.
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
    -h | --help) sed -n '2,19s/^# \{0,1\}//p' "$0"; exit ;;
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

# --- the archive, before anything changes ---
gzip=--gzip
contents() { cat "$archive"; }
case $archive in
  *.age)
    [ -n "$identity" ] || fail "$archive is encrypted: give --identity, or decrypt it first with age --decrypt"
    command -v age >/dev/null || fail "age is not installed here; it decrypts $archive"
    contents() { age --decrypt --identity="$identity" "$archive"; }
    contents >/dev/null || fail "$archive cannot be decrypted with $identity, or is damaged" ;;
  *.tar) gzip='' ;;
esac
if [ -r "$archive.json" ]; then
  # The first sha256 at the left edge of the manifest is that of the archive; others are indented further.
  wanted=$(sed -n 's/^  "sha256": "\([0-9a-f]*\)".*/\1/p' "$archive.json" | head -n 1)
  [ -n "$wanted" ] || fail "$archive.json has no SHA-256 of the archive"
  found=$(contents | sha256sum | cut -d ' ' -f 1)
  [ "$wanted" = "$found" ] || fail "$archive is not what was backed up: SHA-256 $found instead of $wanted"
  say "The SHA-256 of the archive is that of its manifest."
else
  say "There is no manifest beside $archive: nothing says what it should hold."
fi
if [ -n "$gzip" ]; then
  contents | gzip -t || fail "$archive is not a complete .tar.gz"
else
  tar -tf "$archive" >/dev/null || fail "$archive is not a complete .tar"
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
contents | k exec -i "$pod" -- tar --extract $gzip --preserve-permissions --same-owner --numeric-owner --acls --xattrs \
  --xattrs-include='*' --xattrs-exclude='trusted.*' --xattrs-exclude='security.selinux' \
  --xattrs-exclude='system.nfs4_acl' --file=- "$@" ||
  fail "tar could not restore all of it, see its messages above; the claim may hold a part of the archive"
contents | k exec -i "$pod" -- tar --compare $gzip --numeric-owner --file=- "$@" ||
  fail "the volume differs from the archive, see above"
say "Restored into claim $namespace/$claim, and compared: contents, sizes, owners, modes and times are those of the archive."
