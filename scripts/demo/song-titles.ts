import { execFile } from 'node:child_process'
import { parse } from 'node:path'
import { promisify } from 'node:util'
import { safeInput } from '../../src/adapters/ffmpeg/safe-input.ts'

const PROBE_TIMEOUT_MS = 20_000

/** What stands in the picture. */
export type SongTitles = { title: string; artist: string }

/** Title and artist by the song's tags, else by its file name. A file that cannot be read has a name. */
export async function songTitles(songPath: string, ffprobePath: string): Promise<SongTitles> {
  const named = titlesOfFileName(songPath)
  const tags = await tagsOf(songPath, ffprobePath)
  if (!tags.title) return named
  return { title: tags.title, artist: tags.artist ?? '' }
}

/** `Artist - Title.wav`, or just a title; underscores are spaces. */
export function titlesOfFileName(path: string): SongTitles {
  const name = parse(path).name.replaceAll('_', ' ').replaceAll(/\s+/g, ' ').trim()
  const [, artist, title] = /^(.+?) [-–—] (.+)$/.exec(name) ?? []
  return { title: title ?? name, artist: artist ?? '' }
}

async function tagsOf(path: string, ffprobePath: string): Promise<Partial<SongTitles>> {
  const entries = ['-show_entries', 'format_tags=title,artist:stream_tags=title,artist']
  try {
    const { stdout } = await promisify(execFile)(
      ffprobePath,
      ['-v', 'error', ...entries, '-of', 'json', ...safeInput({ path })],
      { timeout: PROBE_TIMEOUT_MS },
    )
    const found = JSON.parse(stdout) as { format?: Tagged; streams?: Tagged[] }
    // Ogg keeps them with the stream; the case of their names differs from format to format.
    const tags = [...(found.streams ?? []), found.format ?? {}].flatMap((part) =>
      Object.entries(part.tags ?? {}).map(([name, text]) => [name.toLowerCase(), line(text)]),
    )
    return Object.fromEntries(tags) as Partial<SongTitles>
  } catch {
    // Whether this is a song at all is for the API to say.
    return {}
  }
}

type Tagged = { tags?: Record<string, string> }

/** As the API takes it: one line without control characters. */
function line(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 200)
}
