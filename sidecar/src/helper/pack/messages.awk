# Reads tar's messages, one a line, and writes how many there are of each kind, an empty line, and the messages that are
# kept: errors before notes, and of each the first and the last, because a thousand ignored sockets must not push out
# the one file that could not be read. A line that is not known as a note is an error.

function keep(line) {
  line = substr(line, 1, 1000)
  if (kind == "errors") { if (++errors <= 150) firstError[errors] = line; else lastError[errors % 50] = line }
  else { if (++notes <= 150) firstNote[notes] = line; else lastNote[notes % 50] = line }
}

# The last `count` lines of a ring of 50 that came after the first 150.
function ring(lines, count,   at) {
  if (count > 200) print "(" count - 200 " more)"
  for (at = (count > 200 ? count - 49 : 151); at <= count; at++) print lines[at % 50]
}

# In the quoting style that the index needs, names are in quotes.
match($0, /^tar: "([^"\\]|\\.)*"/) {
  name = substr($0, 7, RLENGTH - 7)
  gsub(/\\"/, "\"", name)
  $0 = "tar: " name substr($0, RLENGTH + 1)
}
/^Total bytes written: / { raw = $4; next }
/^tar: Exiting with failure status due to previous errors$/ { next }
/^tar: Error is not recoverable: exiting now$/ { next }
{
  kind = "errors"
  if (/^nkvm: /) kind = "own"
  else if (/: socket ignored$/) kind = "sockets"
  else if (/: file changed as we read it$/) kind = "changed"
  else if (/: File shrank by [0-9]+ bytes?; padding with zeros$/) kind = "shrank"
  else if (/: File removed before we read it$/) kind = "removed"
  else if (/^tar: .*: Warning: Cannot /) kind = "attributes"
  counts[kind]++
  keep($0)
}

END {
  print "rawBytes=" (raw == "" ? 0 : raw)
  print "errors=" counts["errors"] + 0
  print "sockets=" counts["sockets"] + 0
  print "changed=" counts["changed"] + 0
  print "shrank=" counts["shrank"] + 0
  print "removed=" counts["removed"] + 0
  print "attributes=" counts["attributes"] + 0
  print ""
  for (at = 1; at <= errors && at <= 150; at++) print firstError[at]
  ring(lastError, errors)
  for (at = 1; at <= notes && at <= 150; at++) print firstNote[at]
  ring(lastNote, notes)
}
