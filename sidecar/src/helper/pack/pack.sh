# Packs a volume, and then writes the seal: what was sent, and what could not be kept. It runs in the helper pod, in
# POSIX sh, as `sh -c <this text> nkvm-pack VOLUME WORK HASH_JS MESSAGES_AWK LEVEL` (packCommand.ts).
#
#     tar ── archive ──> [hash] ──> compressor ──> hash ──> standard output, which goes to the sidecar
#      ├── file 2, messages ──> messages.awk ──> WORK/messages
#      └── file 3, names of entries ──> awk ──> WORK/entries
#
# Standard output carries the archive and nothing else. A command that is still running says so on standard error. The
# sidecar reads WORK/seal with a second command when the stream has ended (format: seal.ts).

set -u
umask 077
# messages.awk matches tar's English messages.
export LC_ALL=C
volume=$1
hash_js=$3
messages_awk=$4
level=$5
cd "$2" || exit 125
rm -f seal seal.new sum raw.sum tar.exit compressor.exit messages entries flags messages.pipe names.pipe
# Standard error of the command itself, wherever file 2 goes below.
exec 4>&2

# Before anything is read: another tar loses attributes without a word, and uses exit code 1 for broken archives.
check_tools() {
  missing=
  for tool in node awk mkfifo gzip grep find xargs; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing, $tool"
  done
  if ! tar --version 2>/dev/null | grep -q 'GNU tar'; then
    missing="$missing, GNU tar"
  elif [ -n "$(tar --create --file=/dev/null --xattrs --acls --files-from=/dev/null 2>&1)" ]; then
    missing="$missing, a GNU tar that keeps extended attributes and ACLs"
  fi
  [ -z "$missing" ] || { echo "the helper image lacks ${missing#, }" >&2; exit 127; }
}

# igzip packs 373 MB/s where gzip packs 53; the result is ordinary gzip.
choose_compressor() {
  if command -v igzip >/dev/null 2>&1; then compressor='igzip -1 -c'
  elif command -v pigz >/dev/null 2>&1; then compressor='pigz -1 -c'
  else compressor='gzip -1 -c'; fi
}

# An empty lost+found belongs to the file system. With it, an emptied ext4 volume would not look empty.
exclude_empty_lost_and_found() {
  exclude=
  if [ -d "$volume/lost+found" ] && found=$(ls -A "$volume/lost+found") && [ -z "$found" ]; then
    exclude='--anchored --exclude=./lost+found'
  fi
}

# tar takes a file with st_blocks 0 for one hole and never reads it; many FUSE file systems report 0 for every file.
choose_sparse() {
  sparse=--sparse
  [ "$(stat -f -c %T "$volume" 2>/dev/null)" != fuseblk ] || sparse=
}

# The two readers of what tar writes beside the archive. Their pipes must exist before tar opens them.
start_readers() {
  mkfifo messages.pipe names.pipe
  awk "$messages_awk" <messages.pipe >messages &
  # A path of more than 4095 bytes (PATH_MAX) can be packed and not extracted. An escaped byte counts once.
  awk '
    length($0) > 4095 { gsub(/\\[0-7][0-7][0-7]|\\./, "x"); if (length($0) > 4095) long++ }
    END { print "files=" NR; print "longPaths=" long + 0 }' <names.pipe >entries &
}

# Flags of chattr (immutable, append-only, ...) are not in a tar. Where the file system has none, the count is unknown.
count_flags() {
  if lsattr -d "$volume" >/dev/null 2>&1; then
    find "$volume" \( -type f -o -type d \) -print0 2>/dev/null | xargs -0 lsattr -d 2>/dev/null |
      awk 'length($1) > 15 && $1 ~ /[aAcCdDFijmPSstTux]/ { n++ } END { print n + 0 }'
  else
    echo unknown
  fi
}

# Says on standard error that process $1 still gets on: tar reads a whole directory before it writes its first byte,
# which takes minutes for millions of names. A process that waits for a dead disk switches no more.
report_progress() {
  before=
  while sleep "${NKVM_REPORT_SECONDS:-15}" 2>/dev/null; do
    now=$(grep ctxt_switches "/proc/$1/status" 2>/dev/null) || return
    [ "$now" = "$before" ] || echo 'nkvm: working' >&2
    before=$now
  done
}

# No --one-file-system: what is mounted inside the volume is seen by its application, too, and subvolumes of btrfs are
# other file systems. tar runs in the background, so that its process id is known.
run_tar() {
  tar --create --file=- --format=posix --xattrs --xattrs-include='*' --acls $sparse --numeric-owner \
    --totals --verbose --quoting-style=escape --index-file=/dev/fd/3 --directory="$volume" $exclude . \
    2>messages.pipe 3>names.pipe 4>&- &
  tar=$!
  report_progress "$tar" >/dev/null 2>&4 4>&- &
  reporter=$!
  wait "$tar"
  echo $? >tar.exit
  kill "$reporter"
}

compress_and_hash() {
  { $compressor; echo $? >compressor.exit; } | node -e "$hash_js" sum
}

# The hash of what tar wrote is compared only when the archive is unpacked: at level `contents`, with one process more.
send() {
  if [ "$level" = contents ]; then
    run_tar | node -e "$hash_js" raw.sum | compress_and_hash
  else
    run_tar | compress_and_hash
  fi
}

# tar knows a file with several names by its inode number alone. One that is deleted while tar runs gives its number to the
# next new file, which tar then packs as a link to the old one, without a word.
count_relinked() {
  find "$volume" ! -type d -links +1 -newerct "@$started" 2>/dev/null | wc -l
}

# The file gets the name `seal` last: a part of it is never read.
write_seal() {
  {
    echo 'nkvm-seal 2'
    read -r bytes sha256 <sum && echo "bytes=$bytes" && echo "sha256=$sha256"
    [ "$level" != contents ] || { read -r bytes sha256 <raw.sum && echo "rawSha256=$sha256"; }
    echo "tarExit=$(cat tar.exit)"
    echo "compressorExit=$(cat compressor.exit)"
    cat entries
    echo "attributeFlags=$(cat flags)"
    echo "mountsInside=$(grep -cF " $volume/" /proc/self/mountinfo)"
    # Counts, an empty line, messages.
    awk -v n="$(count_relinked)" '/^changed=/ && !done { print "changed=" substr($0, 9) + n; done = 1; next } { print }' messages
  } >seal.new && mv seal.new seal
}

check_tools
choose_compressor
exclude_empty_lost_and_found
choose_sparse
start_readers
count_flags >flags &
started=$(($(date +%s) - 2))
# Without a reader there is nothing to seal.
send || exit $?
# For the readers, and for the flags.
wait
write_seal
