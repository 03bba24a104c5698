/**
 * What is used of the SDK, to be imported when it is needed. In the bundle, a package in CommonJS that is imported
 * dynamically has no named exports; a module of ours has.
 */
export { S3 } from '@aws-sdk/client-s3';
export { NodeHttpHandler } from '@smithy/node-http-handler';
