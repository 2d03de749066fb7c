import { Transform } from 'node:stream'

import { MediaError } from '../../domain/failures.ts'

/** Passes bytes on until there are too many of them: then it fails with MEDIA_TOO_LARGE. */
export const byteLimit = (maxBytes: number, onBytes?: (passedBytes: number) => void): Transform => {
  let passedBytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passedBytes += chunk.length
      if (passedBytes > maxBytes) {
        done(new MediaError('MEDIA_TOO_LARGE', `more than ${maxBytes} bytes`))
        return
      }
      onBytes?.(passedBytes)
      done(null, chunk)
    },
  })
}
