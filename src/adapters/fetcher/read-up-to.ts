import type { Readable } from 'node:stream'

/** Reads a body as text up to a number of bytes, and drops the rest together with its connection. */
export const readUpTo = async (
  body: Readable,
  maxBytes: number,
): Promise<{ readonly bodyText: string; readonly isTruncated: boolean }> => {
  const chunks: Buffer[] = []
  let readBytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    readBytes += chunk.length
    // Leaving the loop destroys the stream.
    if (readBytes > maxBytes) break
  }
  const bytes = Buffer.concat(chunks).subarray(0, maxBytes)
  return { bodyText: bytes.toString('utf8'), isTruncated: readBytes > maxBytes }
}
