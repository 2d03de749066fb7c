import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { MediaError } from '../domain/failures.ts'

/** Bound into the key, so that what was sealed for another purpose cannot be opened here. */
const PURPOSE = 'spool/sealed-secret/1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

export interface SecretSeal {
  /** Base64url; the same text is sealed differently each time. */
  seal(text: string): string
  /** *Errors:* INTERNAL when it was changed, or sealed under another secret of the server. */
  open(sealed: string): string
}

/**
 * Keeps secrets of customers that have to be used again later, such as the one that signs the webhook of
 * an order, or a signed URL: whoever reads the database or a history alone cannot read them. AES-256-GCM,
 * under a key derived from the server's own secret.
 */
export const createSecretSeal = (serverSecret: string): SecretSeal => {
  const key = Buffer.from(hkdfSync('sha256', serverSecret, '', PURPOSE, 32))
  return {
    seal: (text) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url')
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64url')
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        decipher.setAuthTag(tag)
        const hidden = bytes.subarray(NONCE_BYTES + TAG_BYTES)
        return Buffer.concat([decipher.update(hidden), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new MediaError('INTERNAL', 'a sealed secret cannot be opened', { cause: error })
      }
    },
  }
}
