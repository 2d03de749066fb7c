import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

/** Where yt-dlp learns to read the pages of this site. */
export const VIDEO_SITE_PLUGINS = fileURLToPath(new URL('./yt-dlp-plugins', import.meta.url))

/** What a page says of its video, in the words of yt-dlp; `url` counts from the site's own address. */
type Page = Readonly<Record<string, unknown>>

/** A video site: `/watch/<id>` is a page, and `/video.mp4` its video. */
export const startVideoSite = async (options: {
  readonly videoPath: string
  readonly pages: (siteUrl: string) => Readonly<Record<string, Page>>
}) => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const page = options.pages(url)[/^\/api\/([\w-]+)$/.exec(request.url ?? '')?.[1] ?? '']
    if (page !== undefined) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(page))
    } else if (request.url === '/video.mp4') {
      response.setHeader('content-length', statSync(options.videoPath).size)
      createReadStream(options.videoPath).pipe(response)
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
