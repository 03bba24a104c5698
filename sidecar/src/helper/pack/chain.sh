# A part of pack.sh, for an archive that is a link of a chain. chainCommand puts it into the work directory, with known.cjs,
# snapshot.cjs, and base.gz, the snapshot file of the archive before, where there is one.

# An archive of a chain: tar packs what has changed since the archive before, and the names that each directory has. What tar
# cannot be trusted with is packed as a whole (known.cjs).
prepare_chain() {
  rm -f tar.snapshot known sample linked chain removed snapshot.gz
  if [ -z "$counts" ] || ! { (counts=; find_kept -printf '%d\t%i\t%y\t%n\t%s\t%T@\t%C@\t%f\0') 2>/dev/null |
    $node -e "$(cat known.cjs)" "$volume" "${NKVM_SNAPSHOT_LIMIT:-50331648}" >chain.new; }; then
    rm -f tar.snapshot
    printf 'chain=none\nchainReason=failed\n' >chain
    return
  fi
  rm -f base.gz
  mv chain.new chain
  # --verbose turns its warnings on again: these come after it.
  grep -q '^chain=none' chain || incremental="--listed-incremental=$work/tar.snapshot --no-check-device \
    --warning=no-new-directory --warning=no-rename-directory"
}

# tar lists all directories before it reads one. One that was deleted in between is an error for it, with exit code 2; without a
# chain it is not, and the code is 1: seal_snapshot seals that code, once more. snapshot.cjs needs the names.
messages_awk='
/^tar: "\.\/.*": Cannot (stat|open): No such file or directory$/ {
sub(/Cannot [a-z]*: No such file or directory$/, "File removed before we read it")
}
/^tar: ".*": File removed before we read it$/ { print substr($0, 7, length($0) - 39) >"removed" }
'$messages_awk

# What the next link of a chain is made from: see known.cjs. Its time is that of the beginning, and a minute earlier.
seal_snapshot() {
  sed -n '/^known=/!p' chain
  [ -n "$incremental" ] || return
  ! grep -qx chain=increment chain || seal_split
  [ "$(cat tar.exit)" != 2 ] || [ ! -s removed ] || ! grep -qx errors=0 messages || echo tarExit=1
  if $node -e "$(cat snapshot.cjs)" tar.snapshot "$((packing - started + ${NKVM_CHAIN_MARGIN_SECONDS:-60}))" "$volume" "$started" &&
    { snapshot_head && cat tar.snapshot known; } | $compressor >snapshot.gz &&
    sha256=$(sha256sum <snapshot.gz); then
    printf 'snapshotBytes=%s\nsnapshotSha256=%s\n' "$(wc -c <snapshot.gz)" "${sha256%% *}"
  fi
}

# A directory that was renamed before tar came to it may have split hard links.
seal_split() {
  grep -q '[0-9]' linked || return 0
  split=$($node -e "$(cat known.cjs)" after) && [ "$split" != 0 ] || return 0
  awk -v n="$split" '/^changed=/ && !done { print "changed=" substr($0, 9) + n; done = 1; next } { print }' messages >messages.new
  echo "nkvm: directories that were renamed or deleted before tar read them: $split; files in them may have lost hard links in others" >>messages.new
  mv messages.new messages
}

snapshot_head() {
  printf '{"formatVersion":1,"archive":"%s","tarBytes":%s,"entries":%s,"sample":' \
    "$archive" "$(wc -c <tar.snapshot)" "$(sed -n 's/^known=//p' chain)" && cat sample && echo '}'
}
