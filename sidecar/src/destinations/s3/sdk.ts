/**
 * The parts of the SDK that NKVM uses, imported when they are needed. In the bundle, a package in CommonJS that is imported
 * dynamically has no named exports; a module of NKVM has.
 */
export { S3 } from '@aws-sdk/client-s3';
export { NodeHttpHandler } from '@smithy/node-http-handler';
export { SignatureV4 } from '@smithy/signature-v4';
