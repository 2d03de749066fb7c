import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { MediaDescription, MediaIngest, ReceivedFile } from '../../contracts/ports.ts'
import { MediaError, type FailureCode, type FieldProblem } from '../../domain/failures.ts'
import { judgeMedia } from '../../domain/media-judgement.ts'
import { MEDIA_LIMITS, type MediaLimits } from '../../domain/media-limits.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { planTerms, type Plan } from '../../domain/plans.ts'
import { probe } from '../ffmpeg/probe.ts'
import { verifyReadable } from '../ffmpeg/verify-readable.ts'
import { byteLimit } from '../storage/byte-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { contentTypeOf } from './content-type.ts'
import { isWebPage } from './is-web-page.ts'

/** Decoding is some hundred times faster than playing; this is for the slowest machine. */
const VERIFY_TIMEOUT_MS = 5 * 60_000

/** Fetches a source behind the guard against private addresses, redirects and endless bodies. */
export type DownloadSource = (
  url: string,
  options: { readonly filePath: string; readonly maxBytes: number; readonly signal: AbortSignal },
) => Promise<unknown>

export interface IngestOptions {
  readonly store: Pick<ObjectStore, 'put'>
  readonly downloadSource: DownloadSource
  /** A new private folder, where one upload waits for its judgement. */
  readonly openFolder: () => Promise<string>
  readonly ffmpegPath: string
  readonly ffprobePath: string
}

/** The upload's own limits, narrowed by the plan. */
const limitsOf = (plan: Plan): MediaLimits => {
  const terms = planTerms(plan)
  return {
    ...MEDIA_LIMITS,
    sizeBytesMax: Math.min(MEDIA_LIMITS.sizeBytesMax, terms.uploadSizeBytesMax),
    durationSecondsMax: Math.min(MEDIA_LIMITS.durationSecondsMax, terms.mediaDurationSecondsMax),
  }
}

/** How a caller mends what he sent, for failures that the judgement has no words for. */
const REMEDIES: Partial<Record<FailureCode, Omit<FieldProblem, 'path'>>> = {
  MEDIA_UNREADABLE: {
    message: 'is broken, cut off, or no media at all',
    fix: 'Send the whole of a file that plays.',
  },
  MEDIA_IS_PAGE: {
    message: 'is a web page',
    fix: 'Give the address of the file itself; only clips are also cut from pages, those of video sites.',
  },
  MEDIA_UNSUPPORTED: {
    message: 'is of a kind that is not accepted',
    fix: 'Send MP4, MOV, WebM, MP3, FLAC, Ogg, WAV, AIFF, AAC, PNG, JPEG or WebP.',
  },
  MEDIA_TOO_LARGE: {
    message: 'is larger than your plan allows',
    fix: 'Send a smaller file, or change the plan.',
  },
  SOURCE_FORBIDDEN: {
    message: 'leads to an address that is not public',
    fix: 'Upload the file, or have the operator allow the host (SPOOL_ALLOW_PRIVATE_SOURCES).',
  },
  SOURCE_NOT_FOUND: {
    message: 'is an address that does not hand out a file',
    fix: 'Give the address of the file itself, readable without a login, or upload the file.',
  },
  SOURCE_UNAVAILABLE: {
    message: 'leads to a server that does not answer',
    fix: 'Check the name of the host and try again, or upload the file.',
  },
}

/** The same failure, with the field that it is about and how to mend it. */
const explained = (error: unknown, path: string): unknown => {
  if (!(error instanceof MediaError) || error.problems.length > 0) return error
  const { code, internalDetail } = error
  const remedy = REMEDIES[code]
  if (remedy === undefined) return error
  return new MediaError(code, internalDetail, { cause: error, problems: [{ path, ...remedy }] })
}

const described = (stream: MediaStream): MediaDescription['streams'][number] => {
  const { kind, codec, durationSeconds, sampleRateHz, channels } = stream
  const { widthPx, heightPx, frameRate } = stream
  return {
    kind,
    codec,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(sampleRateHz === undefined ? {} : { sampleRateHz }),
    ...(channels === undefined ? {} : { channels }),
    ...(widthPx === undefined ? {} : { widthPx }),
    ...(heightPx === undefined ? {} : { heightPx }),
    ...(frameRate === undefined ? {} : { frameRate }),
  }
}

/** Microseconds are more than any container keeps; below lies only float noise. */
const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6

/** The container's word when it has one (it counts what players show), else what was decoded. */
const lengthOf = (found: MediaProbe, decodedSeconds: number): number =>
  rounded(
    found.durationIsEstimated || found.durationSeconds === null
      ? decodedSeconds
      : found.durationSeconds,
  )

/**
 * Takes files from outside: to a private place with a limit on bytes, then probe, judgement by the
 * plan, decoding to the end, and only then into the store.
 *
 * *Errors:* those of the port. *Cancellation:* no file, no folder and no process is left.
 */
export const createMediaIngest = (options: IngestOptions): MediaIngest => {
  const { store, openFolder, ffmpegPath, ffprobePath } = options

  /** Has a file written to a private place of its own, and measures it. */
  const hold = async (
    fileName: string | null,
    signal: AbortSignal,
    write: (path: string) => Promise<unknown>,
  ): Promise<ReceivedFile> => {
    const folder = await openFolder()
    const discard = () => rm(folder, { recursive: true, force: true })
    // A name of our own: theirs may be an option, a pattern or a path.
    const path = join(folder, 'source')
    try {
      await write(path)
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash, { signal })
      const { size: sizeBytes } = await stat(path)
      return { path, sizeBytes, sha256: hash.digest('hex'), fileName, discard }
    } catch (error) {
      await discard()
      if (signal.aborted) throw signal.reason
      throw diskFull(error)
    }
  }

  const judged = async (path: string, plan: Plan, signal: AbortSignal) => {
    const found = await probe({ ffprobePath, path, signal })
    const limits = limitsOf(plan)
    const judgement = judgeMedia(found, { limits })
    if (!judgement.ok) {
      const { code, problems } = judgement
      throw new MediaError(code, 'refused by its probe', { problems })
    }
    const { durationSeconds: decodedSeconds } = await verifyReadable({
      ffmpegPath,
      path,
      probe: found,
      durationSecondsMax: limits.durationSecondsMax,
      timeoutMs: VERIFY_TIMEOUT_MS,
      signal,
    })
    return { kind: judgement.kind, found, decodedSeconds }
  }

  return {
    receive: (source, { fileName, sizeBytesMax, signal }) =>
      hold(fileName, signal, async (path) => {
        const target = createWriteStream(path, { flags: 'wx', mode: 0o600 })
        await pipeline(source, byteLimit(sizeBytesMax), target, { signal })
      }).catch((error: unknown) => {
        throw explained(error, 'file')
      }),

    download: (url, { sizeBytesMax, signal }) =>
      hold(fileNameOf(url), signal, (filePath) =>
        options.downloadSource(url, { filePath, maxBytes: sizeBytesMax, signal }),
      ).catch((error: unknown) => {
        throw explained(error, 'url')
      }),

    admit: async (file, { storageKey, plan, signal }) => {
      try {
        const { kind, found, decodedSeconds } = await judged(file.path, plan, signal)
        const contentType = contentTypeOf(found.formatName, kind)
        const { sizeBytes } = await store.put(
          storageKey,
          { filePath: file.path },
          { contentType, signal },
        )
        return {
          kind,
          contentType,
          sizeBytes,
          durationSeconds: kind === 'image' ? null : lengthOf(found, decodedSeconds),
          streams: found.streams.map(described),
        }
      } catch (error) {
        throw explained(await recognised(error, file.path), 'file')
      }
    },
  }
}

/** A page in the place of a file is sent so often (a login, a player, a notice) that it is told apart. */
const recognised = async (error: unknown, path: string): Promise<unknown> =>
  error instanceof MediaError && error.code === 'MEDIA_UNREADABLE' && (await isWebPage(path))
    ? new MediaError('MEDIA_IS_PAGE', error.internalDetail, { cause: error })
    : error

/** The last part of the path, for people to recognise the file by; it names nothing on disk. */
const fileNameOf = (url: string): string | null =>
  URL.parse(url)?.pathname.split('/').at(-1)?.slice(0, 200) || null

const diskFull = (error: unknown): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new MediaError('DISK_FULL', String(error), { cause: error })
}
