import { describe, expect, it } from 'vitest';
import { fullName, imageProblem } from './images.ts';

describe('the full name of an image', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['nkvm/nkvm:dev', 'docker.io/nkvm/nkvm:dev'],
    ['localhost/nkvm', 'localhost/nkvm:latest'],
    ['registry.test:5000/a/b', 'registry.test:5000/a/b:latest'],
  ])('%s', (image, name) => expect(fullName(image)).toBe(name));
});

describe('an image', () => {
  it.each<[string, string, string | undefined]>([
    ['docker.io/nkvm/nkvm:dev', 'IfNotPresent', undefined],
    ['nkvm.test/none:1', 'IfNotPresent', 'ErrImagePull'],
    ['nkvm.test/none:1', 'Never', 'ErrImageNeverPull'],
    ['Not An Image', 'IfNotPresent', 'InvalidImageName'],
  ])('%s with policy %s', (image, policy, reason) =>
    expect(imageProblem(image, policy, /^docker\.io\//)?.reason).toBe(reason)
  );
});
