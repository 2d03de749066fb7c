import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signBody, verifyBodySignature } from '../../../src/adapters/webhooks/body-signature.ts'

const secret = 'a shared secret'
const rawBody = Buffer.from('{"kind":"task.succeeded","data":{}}')
const hex = (body: Uint8Array, key = secret) => createHmac('sha256', key).update(body).digest('hex')
const verify = (signature: string | undefined, body: Uint8Array = rawBody) =>
  verifyBodySignature({
    secret,
    headerName: 'Hosted-Signature',
    headers: { 'hosted-signature': signature },
    rawBody: body,
  })

describe('a webhook with a signature over its body', () => {
  it.each([hex(rawBody), `sha256=${hex(rawBody)}`, hex(rawBody).toUpperCase()])(
    'is accepted as %s',
    (signature) => {
      expect(() => verify(signature)).not.toThrow()
    },
  )

  it.each([
    ['no signature', undefined],
    ['an empty one', ''],
    ['one of another secret', hex(rawBody, 'another secret')],
    ['one of another body', hex(Buffer.from('{}'))],
    ['half of one', hex(rawBody).slice(0, 32)],
  ])('is refused with %s', (_what, signature) => {
    expect(() => verify(signature)).toThrow(/UNAUTHENTICATED/)
  })

  it('is refused when one byte was changed', () => {
    expect(() => verify(hex(rawBody), Buffer.from(rawBody.toString().replace('{}', '[]')))).toThrow(
      /UNAUTHENTICATED/,
    )
  })
})

describe('a body that we sign', () => {
  it('is accepted by either of the headers that programs of the published dialect look at', () => {
    const headers = signBody(secret, rawBody.toString())
    for (const headerName of ['X-Webhook-Signature', 'X-Synthome-Signature']) {
      expect(() => verifyBodySignature({ secret, headerName, headers, rawBody })).not.toThrow()
    }
    expect(headers).toEqual({
      'x-webhook-signature': `sha256=${hex(rawBody)}`,
      'x-synthome-signature': hex(rawBody),
    })
  })
})
