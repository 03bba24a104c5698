// Runs the program that comes in the second line of the command's standard input: {"program": …, …}. A command has no room for
// it: it travels in the URL of the exec request, and some proxies limit that to 8 KiB. The line has a token or keys besides, so
// that it is never in a file. The program gets what followed it as `rest`, and reads more from `control`.
const control = new (require('net').Socket)({ fd: 5, readable: true, writable: false });
control.setEncoding('utf8');
let line = '';
const end = () => {
  console.error('nkvm: the program that takes the archive did not arrive');
  process.exit(3);
};
const take = text => {
  line += text;
  const at = line.indexOf('\n');
  if (at < 0) return;
  control.off('data', take).off('end', end).off('error', end);
  const hello = JSON.parse(line.slice(0, at));
  const rest = line.slice(at + 1);
  line = '';
  new Function('require', 'control', 'rest', 'hello', hello.program)(require, control, rest, hello);
};
control.on('data', take).on('end', end).on('error', end);
