import { createReadStream, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

/** Where yt-dlp learns to read the pages of this site. */
export const VIDEO_SITE_PLUGINS = fileURLToPath(new URL('./yt-dlp-plugins', import.meta.url))

/** What a page says of its video, in the words of yt-dlp; `url` counts from the site's own address. */
type Page = Readonly<Record<string, unknown>> | number

/** A video site: `/watch/<id>` is a page, and `/video.mp4` its video; `/endless.mp4` tells no size, and does
 * not end; `/hanging.mp4` begins and says no more; `/list.m3u8` has the video as one fragment, again and
 * again. A page that is a number is that status. */
export const startVideoSite = async (options: {
  readonly videoPath: string
  readonly pages: (siteUrl: string) => Readonly<Record<string, Page>>
  /** Further files, by their path on the site. */
  readonly files?: Readonly<Record<string, string>>
}) => {
  const requests: string[] = []
  const files: Readonly<Record<string, string>> = {
    ...options.files,
    '/video.mp4': options.videoPath,
  }
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const page = options.pages(url)[/^\/api\/([\w-]+)$/.exec(request.url ?? '')?.[1] ?? '']
    if (typeof page === 'number') {
      response.statusCode = page
      response.end()
    } else if (page !== undefined) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(page))
    } else if (files[request.url ?? ''] !== undefined) {
      const path = files[request.url ?? '']!
      response.setHeader('content-length', statSync(path).size)
      createReadStream(path).pipe(response)
    } else if (request.url === '/endless.mp4') {
      pour(response)
    } else if (request.url === '/hanging.mp4') {
      response.setHeader('content-length', 1_000_000)
      response.write(Buffer.alloc(1_000))
    } else if (request.url === '/list.m3u8') {
      const fragment = `#EXTINF:2,\n${url}/video.mp4\n`
      const head = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n'
      response.end(`${head}${fragment.repeat(50)}#EXT-X-ENDLIST\n`)
    } else {
      response.statusCode = 404
      response.end()
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `http://${host}`
  return {
    url,
    host,
    requests: requests as readonly string[],
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const CHUNK = Buffer.alloc(64 * 1024)

/** Until the other side has had enough. */
const pour = (response: ServerResponse): void => {
  const more = () => {
    while (!response.destroyed && response.write(CHUNK));
  }
  response.on('drain', more)
  more()
}
