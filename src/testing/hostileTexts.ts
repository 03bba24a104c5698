/** What somebody writes into names and messages so that a page runs it, hides it, or shows something else. */
export const HOSTILE_TEXTS = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '"><svg onload=window.hacked=1>',
  'javascript:window.hacked=1',
  '[link](javascript:window.hacked=1)',
  '{{constructor.constructor("window.hacked=1")()}}',
  '$t(Restore)',
  '=HYPERLINK("http://x.example","y")',
  '\u001b[2J\u001b]0;title\u0007',
  'invoice\u202egnp.exe',
  'two\nlines',
  'x'.repeat(20_000),
];
