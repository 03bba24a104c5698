# Unpacks an archive into a volume, and then packs the volume again to compare it. It runs in the helper pod, in POSIX sh, as
# `sh -c <this text> nkvm-unpack VOLUME WORK PROGRAM ENCODING JOB INPUT` (unpackCommand.ts), after prepare.sh. INPUT is the
# program that takes the archive: `hash` from standard input, `pull` from the sidecar, where it can be reached, `direct` from the
# storage.
#
#     standard input ──> INPUT ──> decompressor ──> program ── raw.pipe ──> tar that unpacks ── messages.pipe ──> messages.gz
#                                                  │  └── names.pipe ──> names.gz
#                                                  └── steps: asks for what comes next ── step.out ──> program
#
# The program (program/main.ts) checks each entry before tar sees it, decides, compares, and writes the file `result` last.
# Standard output carries news: that the work gets on, and which part of it.

set -u
# Directories that the archive has no entry for are made with this.
umask 022
# The program matches tar's English messages.
export LC_ALL=C
volume=$1
program=$3
encoding=$4
job=$5
input=$6
cd "$2" || exit 125
rm -f steps step.out raw.pipe names.pipe messages.pipe pack.pipe times.pipe result result.new received.sum ./*.exit ./*.pid
mkfifo steps step.out raw.pipe names.pipe messages.pipe pack.pipe times.pipe || exit 125
exec 6<&0

if command -v igzip >/dev/null 2>&1; then gzip='igzip -1 -c' gunzip='igzip -d -c'
elif command -v pigz >/dev/null 2>&1; then gzip='pigz -1 -c' gunzip='pigz -d -c'
else gzip='gzip -1 -c' gunzip='gzip -d -c'; fi
[ "$encoding" = gzip ] && decompressor=$gunzip || decompressor=cat

# Writes the process id where report_progress finds it.
run() {
  sh -c 'echo $$ >tar.pid; exec "$@"' run "$@"
}

extract() {
  run tar --extract --file=- --blocking-factor=128 --xattrs --xattrs-include='*' --acls --numeric-owner --same-owner \
    --same-permissions --delay-directory-restore --quoting-style=escape --warning=no-timestamp \
    --directory="$volume" <raw.pipe 6<&- 7>&-
  echo $? >tar.exit
}

# Flags as in pack.sh.
pack_again() {
  sync -f "$volume" 2>pack.messages || { echo 2 >pack.exit; return; }
  sparse=--sparse
  [ "$(stat -f -c %T "$volume" 2>/dev/null)" != fuseblk ] || sparse=
  # Of a file that is missing the comparison tells more.
  awk '!/: Cannot stat: No such file or directory$/ && !/^tar: Exiting with failure status/ && n++ < 50' \
    <pack.pipe >pack.messages &
  reader=$!
  run tar --create --file=- --blocking-factor=128 --format=posix --xattrs --xattrs-include='*' --acls $sparse --numeric-owner \
    --quoting-style=escape --directory="$volume" "$@" 2>pack.pipe 6<&- 7>&-
  echo $? >pack.exit
  wait "$reader"
}

# An empty lost+found belongs to the file system.
pack_all() {
  if [ -d "$volume/lost+found" ] && found=$(ls -A "$volume/lost+found") && [ -z "$found" ]; then
    pack_again --anchored --exclude=./lost+found .
  else
    pack_again .
  fi
}

pack_names() {
  $gunzip <names.gz | pack_again --no-recursion --null --verbatim-files-from --files-from=-
}

# Says every 15 s that one of the processes still gets on: a process that waits for a dead disk switches no more.
report_progress() {
  before=
  while sleep "${NKVM_REPORT_SECONDS:-15}" 2>/dev/null 7>&-; do
    now=$(for file in brain.pid tar.pid; do
      read -r pid <"$file" && grep ctxt_switches "/proc/$pid/status"
    done 2>/dev/null)
    [ "$now" = "$before" ] || echo 'nkvm: working' >&7
    before=$now
  done
}

# A shell keeps the pipes of a command that it runs open until the command has ended; the program closes them before.
think() {
  sh -c 'exec node --single-threaded --max-semi-space-size=4 "$@" 3>names.pipe 4>&7 >raw.pipe 7>&-' think "$program" "$volume" "$job" 6<&-
  echo $? >brain.exit
  # Whoever waits for the program goes on.
  cat <step.out >/dev/null 2>&1 &
  reader=$!
  : >times.pipe &
  writer=$!
  echo end >steps
  kill "$reader" "$writer" 2>/dev/null
}

exec 7>&1
$gzip <names.pipe >names.gz 6<&- 7>&- &
names=$!
$gzip <messages.pipe >messages.gz 6<&- 7>&- &
messages=$!
extract 2>messages.pipe &
extracting=$!
{ node --single-threaded "${program%/*}/$input.${program##*.}" received.sum unpack <&6 6<&- | { $decompressor; echo $? >decompressor.exit; } 6<&- | think; } &
report_progress >/dev/null 2>&1 6<&- &
reporter=$!
while read -r step <steps; do
  case $step in
    messages) wait "$messages"; $gunzip <messages.gz >step.out ;;
    # Directories, to which mode mirror has done something. Without ACLs: with these, tar would take theirs away.
    set-times)
      run tar --extract --file=- --numeric-owner --same-owner --same-permissions --delay-directory-restore \
        --directory="$volume" <times.pipe >/dev/null 2>&1
      : >step.out
      ;;
    pack-all) pack_all >step.out ;;
    pack-names) wait "$names"; pack_names >step.out ;;
    pack-messages) cat pack.messages >step.out ;;
    names) wait "$names"; $gunzip <names.gz >step.out ;;
    end) break ;;
  esac
done
wait "$extracting"
kill "$reporter"
[ -f result ]
