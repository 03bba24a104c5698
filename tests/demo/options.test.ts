import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the options of the demo', () => {
  it('need not be given', () => {
    expect(readOptions([], {})).toEqual({ as: 'admin', port: 4466 });
  });

  it('take the cluster of KUBECONFIG, unless another one is named', () => {
    expect(readOptions([], { KUBECONFIG: '/dev/null' }).kubeconfig).toBe('/dev/null');
    expect(readOptions(['--kubeconfig', '/dev/zero'], { KUBECONFIG: '/dev/null' }).kubeconfig).toBe(
      '/dev/zero'
    );
  });

  it.each<[string, string[], RegExp]>([
    ['another person', ['--as', 'root'], /--as takes admin or viewer, not root/],
    ['a port that is none', ['--port', 'http'], /--port takes a number/],
    ['a kubeconfig that is not there', ['--kubeconfig', '/nope'], /there is no kubeconfig \/nope/],
    ['an option that is none', ['--colour'], /--colour/],
    ['a viewer of a real cluster', ['--as', 'viewer', '--kubeconfig', '/dev/null'], /playground/],
  ])('refuse %s in one line', (_, args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });
});
