import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the options of the demo', () => {
  it('need not be given', () => {
    expect(readOptions([])).toEqual({ as: 'admin', port: 4466 });
  });

  it('take the path of a kubeconfig from where the person stands', () => {
    expect(readOptions(['--kubeconfig', 'my/config'])?.kubeconfig).toBe(resolve('my/config'));
  });

  it('ask for help', () => {
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it.each<[string, string[], RegExp]>([
    ['another person', ['--as', 'root'], /^--as takes admin or viewer, not root$/],
    ['a port that is none', ['--port', 'http'], /^--port takes a number .* not http$/],
    ['a port that is empty', ['--port='], /^--port takes a number/],
    ['a port that is too big', ['--port', '65536'], /^--port takes a number .* not 65536$/],
    ['a kubeconfig without a path', ['--kubeconfig='], /^--kubeconfig takes the path of a file$/],
    [
      'a kubeconfig without a value',
      ['--kubeconfig'],
      /^Option '--kubeconfig .*argument missing; /,
    ],
    ['an option that is none', ['--colour'], /^Unknown option '--colour'; see: npm run demo/],
    ['what npm leaves of options without a double dash', ['viewer'], /npm run demo -- --help$/],
    ['a viewer of a real cluster', ['--as', 'viewer', '--kubeconfig', '/dev/null'], /playground/],
  ])('refuse %s in one line', (_, args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
