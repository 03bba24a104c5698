# Packs a volume, and then writes the seal: what was sent, and what could not be kept. It runs in the helper pod, in
# POSIX sh, with the arguments VOLUME WORK LEVEL ARCHIVE WITH: the archive's name, for its index, and words (leaveOut.ts):
# `mounts`, `reserved`, `archives` are not left out; for `patterns`, WORK/patterns holds more to leave out, which was sent
# before; for `holes`, holes are read as zeros; for `unreadable`, unreadable.sh takes the place of all that follows; for
# `direct`, a program takes the archive that comes over standard input (load.cjs), after a line for this script, which
# is kept in WORK/hello and has no secret; for `chain`, the archive is a link of a chain, and chainCommand has put programs there,
# and the snapshot file of the archive before. packCommand.ts sets hash_js, members_js, load_js, messages_awk, most_compressors,
# member_bytes, index_limit and archive_names.
#
#     tar ── archive ──> [hash] ──> split ──> compressor, for each 64 MiB ──> members ──> standard output, to the sidecar
#      ├── file 2, messages ──> messages.awk ──> WORK/messages
#      └── file 3, lines about entries ──> awk ──> compressor ──> WORK/index.lines, and how many in WORK/entries
#
# Standard output carries the archive and nothing else. A command that is still running says so on standard error. The
# sidecar reads WORK/seal with a second command when the stream has ended (format: seal.ts), and with it WORK/index.head and
# WORK/index.lines; where they are big, with a third.

set -u
umask 077
# Without threads of V8: when a program ends while one of them compiles and wants memory, it never ends (nodejs/node#54918).
node='node --single-threaded'
# messages.awk matches tar's English messages.
export LC_ALL=C
volume=$1
level=$3
archive=$4
with=" ${5-} "
cd "$2" || exit 125
work=$PWD
rm -f hello seal seal.new sum raw.sum tar.exit compressor.exit messages entries flags used holes members index.* *.pipe
: >rules
: >notes
: >mounts
: >excluded
: >archives
: >names
reserved=0
# Standard error of the command itself, wherever file 2 goes below; and its input, which the program of load.cjs reads.
exec 4>&2 5<&0 </dev/null

# Before anything is read: another tar loses attributes without a message, and uses exit code 1 for broken archives.
check_tools() {
  missing=
  for tool in node awk mkfifo gzip grep find xargs head; do
    command -v $tool >/dev/null || missing="$missing, $tool"
  done
  case $with in *' patterns '*) [ -f patterns ] || { echo 'WORK/patterns is missing' >&2; exit 125; } ;; *) : >patterns ;; esac
  # Only GNU's can give its parts to a command.
  [ "$(printf ab | split -b 1 --filter=cat 2>/dev/null)" = ab ] || missing="$missing, GNU split"
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

is_left_out() {
  case $with in *" $1 "*) return 1 ;; esac
}

# Directories at the top that belong to the file system, or in which a server shows its snapshots (with tar, one more copy of
# all data for each). In .zfs there is nothing else.
leave_out_reserved() {
  is_left_out reserved || return
  for name in .snapshot '~snapshot' lost+found; do reserve "$name" "$name"; done
  if ls -A "$volume/.zfs" 2>/dev/null | grep -qvxE 'snapshot|shares'; then reserve .zfs/snapshot .zfs/snapshot
  else [ ! -d "$volume/.zfs/snapshot" ] || reserve .zfs .zfs/snapshot; fi
}

# Leaves out the directory $1, and counts what is in $2.
reserve() {
  [ -d "$volume/$2" ] && [ ! -L "$volume/$1" ] || return 0
  n=$(find "$volume/$2" -mindepth 1 -maxdepth 1 -printf x 2>/dev/null | wc -c)
  echo "./$1" >>rules
  reserved=$((reserved + n))
  [ "$n" = 0 ] || echo "nkvm: ./$1: left out, with $n entries: it belongs to the file system or its server" >>notes
}

# Other file systems inside the volume. Mounts tell them, and not st_dev: a subvolume of btrfs has its own, and belongs to the
# volume. What cannot be looked at (a server that is gone) is left out with its directory.
leave_out_mounts() {
  is_left_out mounts || return
  mounts_inside | while IFS=$tab read -r type path; do
    name=$(printf %s "$path" | sed 's/\\\(.\)/\1/g')
    printf '%s\n' "$path" >>mounts
    printf 'nkvm: ./%s: left out: another file system (%s) is mounted there\n' "$name" "$type" >>notes
    timeout -s KILL 10 test -d "$volume/$name" && path=$path/*
    printf './%s\n' "$path" >>rules
  done
}

# Type and path of each mount below the volume that no rule leaves out, the path as a pattern of tar.
tab=$(printf '\t')
mounts_inside() {
  awk -v at="$volume/" '
    FILENAME == "rules" { rule[++rules] = substr($0, 3); next }
    index($5, at) == 1 {
      path = substr($5, length(at) + 1)
      gsub(/[*?[]/, "\\\\&", path)
      gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\012/, "?", path); gsub(/\\134/, "\\\\\\\\", path)
      for (i = 1; i <= rules; i++) if (index(path "/", rule[i] "/") == 1) next
      for (i = 7; i < NF && $i != "-"; i++);
      print $(i + 1) "\t" path
    }' rules /proc/self/mountinfo
}

# find below the volume, without what tar leaves out; the arguments say what it does with the rest. Where $counts is set, it
# writes there what the volume's own rules cannot tell before: which entries match patterns, and the sizes of archives.
find_kept() (
  cd "$volume" || exit
  set -- \) -prune -o "$@"
  while IFS= read -r p; do
    if [ -z "$counts" ]; then set -- -o -name "$p" "$@"
    else set -- -o -name "$p" \( -type f -fprintf "$work/archives" '%s\n' -o -true \) "$@"; fi
  done <"$work/names"
  while IFS= read -r p; do
    set -- -o \( -path "$p" -o -path "*/$p" \) ${counts:+-fprintf "$work/excluded" x} "$@"
  done <"$work/patterns"
  while IFS= read -r p; do set -- -o -path "${p%/\*}" "$@"; done <"$work/rules"
  exec find . \( -false "$@"
)

# tar takes a file with st_blocks 0 for one hole and never reads it. FUSE file systems may report 0 for every file; others show it
# by their first files. Where neither does, the walk beside tar looks at all of them.
choose_sparse() {
  sparse=
  case $counts$with$(stat -f -c %T "$volume") in ' '* | *' holes '* | *fuseblk) return ;; esac
  [ "$(counts=
    find_kept -type f -size +0 -printf '%b\t%p\0' | head -zn999 | count_holes)" != 0 ] || sparse=--sparse
} 2>/dev/null

# Of records `BLOCKS TAB PATH NUL`, the number of files that use no block and have data, and of those that cannot be read to the
# end. A file that has got its data and its blocks meanwhile was a hole before. grep seeks over holes where the file system
# can; where it cannot, a long one ends at the time limit. It fails for lack of memory on long data without a zero.
count_holes() {
  {
    sed -zn 's/^0\t//p' | (cd "$volume" && ulimit -v 50000 &&
      xargs -0r timeout -v 300 grep -dskip -Dskip -zlZFxv '' 2>&3 | xargs -0r stat -c '%b %Z')
  } 3>&1 2>&1 | awk -v t=$started '/^[0-9]/ ? !$1 || $2 < t : !/: No such file or directory$/' | wc -l
}

# Without a chain; chain.sh has the others.
incremental=
prepare_chain() { :; }
seal_snapshot() { printf 'chain=none\nchainReason=none\n'; }

# The readers of what tar and find write beside the archive. Their pipes must exist before those open them.
start_readers() {
  mkfifo messages.pipe lines.pipe used.pipe holes.pipe
  count_holes <holes.pipe >holes &
  awk "$messages_awk" <messages.pipe >messages &
  # A path of more than 4095 bytes (PATH_MAX) can be packed and not extracted. An escaped byte counts once.
  awk '
    length($0) > 4095 {
      name = $0
      sub(/^[^"]*"/, "", name)
      gsub(/\\[0-7][0-7][0-7]|\\./, "x", name)
      if (index(name, "\"") > 4096) long++
    }
    { print }
    END { print "files=" NR >"entries"; print "longPaths=" long + 0 >"entries" }' <lines.pipe | write_lines &
  # Each name of a file that has several has its share of the blocks.
  awk '
    { sum += $3 == "d" ? $1 : $1 / $2 }
    END { if (NR) printf "%.0f\n", sum * 512; else print "unknown" }' <used.pipe >used &
}

# Whatever becomes of the index, all lines are read: tar ends when it cannot write them.
write_lines() {
  { $compressor && : >index.ok; } | head -c "$index_limit" >index.lines || rm -f index.ok
  cat >/dev/null
}

# One walk beside tar, for what a tar does not tell: how many entries have flags of chattr (immutable, append-only, ...),
# which are not in it, how many blocks are in use, and which files use none. Where there are no flags, their count is unknown.
walk() {
  blocks=-true
  [ -z "$counts" ] || blocks='-fprintf /dev/fd/3 %b\t%n\t%y\n'
  [ -z "$sparse" ] || blocks="$blocks ( -type f -size +0 -fprintf /dev/fd/6 %b\t%p\0 -o -true )"
  if lsattr -d "$volume" >/dev/null 2>&1; then
    find_kept $blocks \( -type f -o -type d \) -print0 2>/dev/null | (cd "$volume" && xargs -0 lsattr -d) 2>/dev/null |
      awk 'length($1) > 15 && $1 ~ /[aAcCdDFijmPSstTux]/ { n++ } END { print n + 0 }'
  else
    find_kept $blocks >/dev/null 2>&1
    echo unknown
  fi
}

# The file system of the volume, as mount names it (ext4, xfs, nfs4, fuse.s3fs).
filesystem() {
  awk -v at="$volume" '$5 == at { for (i = 7; i < NF; i++) if ($i == "-") type = $(i + 1) }
    END { if (type == "") exit 1; print type }' /proc/self/mountinfo 2>/dev/null ||
    stat -f -c %T "$volume" 2>/dev/null || echo unknown
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

# tar runs in the background, so that its process id is known. The quoting style c is the only one in
# which a name that holds ` -> ` differs from a link. Records of 32 KiB instead of 10 save 0.6 s of
# CPU for 2 GB, which is what passing the tar through split costs.
run_tar() {
  {
    cat notes >&2
    export TZ=UTC0
    exec tar -cf - -b64 -H posix -vvR --xattrs --xattrs-include='*' --acls $sparse --numeric-owner \
      --totals --full-time --quoting-style=c --index-file=/dev/fd/3 $incremental \
      -C "$volume" --anchored -X rules --no-anchored -X patterns -X names .
  } 2>messages.pipe 3>lines.pipe 4>&- &
  tar=$!
  report_progress "$tar" >/dev/null 2>&4 4>&- &
  reporter=$!
  wait "$tar"
  echo $? >tar.exit
  kill "$reporter"
}

# How many compressors run beside each other: as many as there are idle cores beside the one for tar, by the cores and the CPU
# limit of the container and the load of the node. Each takes the memory of a member, and all of them at most a quarter of
# the limit. An archive that travels through the API server is slower than one compressor.
count_compressors() {
  quota=max load=0 memory=max
  read -r quota period </sys/fs/cgroup/cpu.max
  read -r load more </proc/loadavg
  read -r memory </sys/fs/cgroup/memory.max
  awk -v most="$most_compressors" -v member="$member_bytes" -v cores="$(nproc)" -v quota="$quota" \
    -v period="${period:-100000}" -v load="$load" -v memory="$memory" 'BEGIN {
      n = cores - load
      if (quota != "max" && quota / period < n) n = quota / period
      n = int(n) - 1
      if (memory != "max" && memory / 4 / member < n) n = int(memory / 4 / member)
      if (n > most) n = most
      print (n < 1 ? 1 : n)
    }'
} 2>/dev/null

# Each member is a gzip file of its own, so that a file can be read without unpacking all that is before it. The marker
# after each tells members.cjs how long it is.
compress_and_hash() {
  if grep -qs '"parallel":' hello && count=$(count_compressors) && [ "$count" -gt 1 ]; then
    $node --max-semi-space-size=1 -e 'new Function("require", JSON.parse(require("fs").readFileSync("hello")).parallel)(require)' \
      "$count" "$member_bytes" sum members compressor.exit $compressor
    return
  fi
  marker=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
  {
    SHELL=/bin/sh split --bytes="$member_bytes" \
      --filter="$compressor || { e=\$?; echo \$e >compressor.exit; exit \$e; }; printf $marker"
    e=$?
    [ -s compressor.exit ] || echo $e >compressor.exit
  } | $node -e "$members_js" "$marker" sum members
}

# The hash of what tar wrote is compared only when the archive is unpacked: at level `contents`, with one process more.
send() {
  if [ "$level" = contents ]; then
    run_tar | $node -e "$hash_js" raw.sum | compress_and_hash
  else
    run_tar | compress_and_hash
  fi
}

deliver() {
  case $with in
    *' direct '*) IFS= read -r hello <&5 && printf %s "$hello" >hello && send 5<&- | $node --max-semi-space-size=4 -e "$load_js" ;;
    *) send ;;
  esac
}

# tar knows a file with several names by its inode number alone. One that is deleted while tar runs gives its number to the
# next new file, which tar then packs as a link to the old one, without a message.
count_relinked() {
  counts=
  find_kept ! -type d -links +1 -newerct "@$started" -print 2>/dev/null | wc -l
}

# The index is two gzip members: a line of JSON that says what it belongs to, and tar's lines. What is as long as its limit
# was cut there, also when nobody noticed. Below 20 MB, sha256sum takes less CPU than the start of Node.
seal_index() {
  kept=$(wc -c <index.lines) || kept=0
  if [ "$kept" -ge "$index_limit" ]; then
    echo index=too-big
  elif [ -e index.ok ] && write_head && sha256=$(cat index.head index.lines | sha256sum); then
    echo index=whole
    echo "indexBytes=$((kept + $(wc -c <index.head)))"
    echo "indexSha256=${sha256%  -}"
    return
  else
    echo index=failed
  fi
  rm -f index.head index.lines
}

write_head() {
  read -r bytes sha256 count list <sum
  {
    printf '{"formatVersion":1,"archive":"%s","bytes":%s,"sha256":"%s",' "$archive" "$bytes" "$sha256"
    printf '"rawBytes":%s,' "$(sed -n 's/^rawBytes=//p' messages)"
    printf '"entries":%s,' "$(sed -n 's/^files=//p' entries)"
    printf '"lines":"tar-R-vv","memberRawBytes":%s,"members":[' "$member_bytes"
    cat members
    echo ']}'
  } | $compressor >index.head
}

# The file gets the name `seal` last: a part of it is never read.
write_seal() {
  {
    echo 'nkvm-seal 6'
    read -r bytes sha256 count list <sum && printf 'bytes=%s\nsha256=%s\nmembers=%s\nmembersSha256=%s\n' \
      "$bytes" "$sha256" "$count" "$list"
    [ "$level" != contents ] || { read -r bytes sha256 <raw.sum && echo "rawSha256=$sha256"; }
    echo "tarExit=$(cat tar.exit)"
    echo "compressorExit=$(cat compressor.exit)"
    cat entries
    seal_index
    seal_snapshot
    echo "attributeFlags=$(cat flags)"
    echo "usedBytes=$(cat used)"
    echo "holes=$(cat holes)"
    echo "filesystem=$(filesystem)"
    echo "mounts=$(wc -l <mounts)"
    echo "mountsInside=$(mounts_inside | cut -f 2- | grep -cvxFf mounts)"
    echo "reserved=$reserved"
    echo "excluded=$(wc -c <excluded)"
    awk '{ bytes += $1 } END { printf "archives=%d\narchiveBytes=%.0f\n", NR, bytes }' archives
    # Counts, an empty line, messages.
    awk -v n="$(count_relinked)" '/^changed=/ && !done { print "changed=" substr($0, 9) + n; done = 1; next } { print }' messages
  } >seal.new && mv seal.new seal
}

case $with in *' chain '*) . ./chain.sh ;; esac
check_tools
choose_compressor
counts=1
# Only GNU's tells what it finds.
find / -prune -fprintf /dev/null %b 2>/dev/null || counts= with="$with archives "
! is_left_out archives || printf '%s\n' "$archive_names" '.tmp-nkvm-*' >names
leave_out_reserved
leave_out_mounts
case $with in *' unreadable '*) eval "$unreadable_sh" ;; esac
started=$(($(date +%s) - 2))
choose_sparse
prepare_chain
packing=$(date +%s)
start_readers
walk >flags 3>used.pipe 6>holes.pipe &
# Without a reader there is nothing to seal.
deliver || exit $?
# For the readers, and for the walk.
wait
write_seal
