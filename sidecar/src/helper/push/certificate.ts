import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** The certificate of one process, which is its own authority. */
export interface OwnCertificate {
  /** PEM. */
  cert: string;
  /** PEM. */
  key: string;
  /** SHA-256 of the certificate in DER, lower-case hexadecimal. The other end knows the certificate by this alone. */
  fingerprint: string;
}

/**
 * Makes a key (P-256) and an X.509 certificate (RFC 5280, section 4.1) that it signs itself. Its name and its times mean
 * nothing: helpers compare the fingerprint, which they get over exec, so that a node with a wrong clock can push as well.
 */
export function ownCertificate(): OwnCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0); // positive, and of the same length
  const toBeSigned = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Buffer.of(2))), // version 3
    der(INTEGER, serial),
    ECDSA_WITH_SHA256,
    NAME,
    der(SEQUENCE, der(UTC_TIME, '700101000000Z'), der(GENERALIZED_TIME, '99991231235959Z')),
    NAME,
    publicKey.export({ type: 'spki', format: 'der' })
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = der(
    SEQUENCE,
    toBeSigned,
    ECDSA_WITH_SHA256,
    der(BIT_STRING, Buffer.of(0), signature)
  );
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: createHash('sha256').update(certificate).digest('hex'),
  };
}

// Tags of DER (ITU-T X.690).
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;

/** One value of DER, made of others or of bytes. */
function der(tag: number, ...parts: (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map(part => Buffer.from(part as Buffer)));
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
      ? [tag, 0x81, length]
      : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** 1.2.840.10045.4.3.2 (RFC 5758). */
const ECDSA_WITH_SHA256 = der(
  SEQUENCE,
  der(OBJECT_IDENTIFIER, Buffer.from('2a8648ce3d040302', 'hex'))
);

/** The attribute 2.5.4.3, commonName. */
const NAME = der(
  SEQUENCE,
  der(
    SET,
    der(SEQUENCE, der(OBJECT_IDENTIFIER, Buffer.from('550403', 'hex')), der(UTF8_STRING, 'NKVM'))
  )
);
