import { open } from 'node:fs/promises'

/** Browsers judge by no more. */
const SNIFFED_BYTES = 1445

const COMMENTS = /<!--[^]*?-->/g
/** Space may stand in front; what follows the name ends it. *Source:* WHATWG MIME sniffing. */
const PAGE = /^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)[\s>]/i

/** Whether a local file begins like a page of HTML, whatever its name and its server say. */
export const isWebPage = async (path: string): Promise<boolean> => {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0)
    return PAGE.test(buffer.toString('utf8', 0, bytesRead).replaceAll(COMMENTS, ''))
  } finally {
    await file.close()
  }
}
