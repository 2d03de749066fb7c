import { json } from 'node:stream/consumers'
import type { Execution } from '../db/repositories/executions.ts'
import type { Media } from '../db/repositories/media.ts'
import type { Span } from '../domain/clips/moment.ts'
import { recutWish, type ClipAbout } from '../domain/clips/recut-wish.ts'
import { MediaError } from '../domain/failures.ts'
import { clipId, isId, originOfClip, type AccountId, type ClipId } from '../domain/ids.ts'
import { isExecutionOver } from '../domain/statuses.ts'
import type { ApiDependencies } from './dependencies.ts'
import { FailureWithFacts } from './problem.ts'

type Reading = Pick<ApiDependencies, 'repositories' | 'files'>

/** A clip as its executions know it: the order that made it, and whatever made it again. */
interface ClipRecord {
  readonly id: ClipId
  readonly number: number
  readonly order: Execution
  /** What made each version, oldest first: the order, and every change that was completed. */
  readonly versions: readonly Execution[]
  /** The change that is in work. */
  readonly inWork: Execution | null
}

/** A clip with what its newest version is about. */
export interface OwnClip extends ClipRecord {
  readonly about: ClipAbout
}

/** The numbers of the clips that an order has made, in order. */
export const clipNumbers = ({ outputKeys }: Pick<Execution, 'outputKeys'>): readonly number[] =>
  Object.keys(outputKeys)
    .flatMap((name) => (/^clip-\d+$/.test(name) ? [Number(name.slice('clip-'.length))] : []))
    .toSorted((a, b) => a - b)

/** The files of a clip in one of its versions. */
export const filesOf = ({ outputKeys }: Execution, number: number) => ({
  videoKey: outputKeys[`clip-${number}`] ?? '',
  thumbnailKey: outputKeys[`thumbnail-${number}`] ?? '',
  aboutKey: outputKeys[`about-${number}`] ?? '',
})

const recordsOf = async (
  { repositories }: Reading,
  order: Execution,
): Promise<readonly ClipRecord[]> => {
  const numbers = clipNumbers(order)
  const ids = numbers.map((number) => clipId(order.id, number))
  const recuts = await repositories.executions.onSubjects(order.accountId, 'recut', ids)
  const recutsOf = Map.groupBy(recuts, ({ subjectId }) => subjectId)
  return numbers.map((number, index) => {
    const id = ids[index]!
    const mine = recutsOf.get(id) ?? []
    return {
      id,
      number,
      order,
      versions: [order, ...mine.filter(({ status }) => status === 'completed')],
      inWork: mine.find(({ status }) => !isExecutionOver(status)) ?? null,
    }
  })
}

/** What a version is about; null when its file is gone. */
const aboutOf = async (
  { files }: Reading,
  version: Execution,
  number: number,
): Promise<ClipAbout | null> => {
  try {
    return (await json((await files.open(filesOf(version, number).aboutKey)).stream)) as ClipAbout
  } catch (error) {
    if (error instanceof MediaError && error.code === 'STORAGE_NOT_FOUND') return null
    throw error
  }
}

const read = async (reading: Reading, record: ClipRecord): Promise<OwnClip | null> => {
  const about = await aboutOf(reading, record.versions.at(-1)!, record.number)
  return about && { ...record, about }
}

const ownOrder = async (
  { repositories }: Reading,
  accountId: AccountId,
  executionId: string,
): Promise<Execution> => {
  const order = await repositories.executions.find(accountId, executionId)
  if (order?.pipeline === 'clip') return order
  throw new MediaError('NOT_FOUND', 'no such order of clips')
}

/** The clips of an order whose files are there. *Errors:* NOT_FOUND, of a foreign order too. */
export const clipsOfOrder = async (
  reading: Reading,
  accountId: AccountId,
  executionId: string,
): Promise<readonly OwnClip[]> => {
  const records = await recordsOf(reading, await ownOrder(reading, accountId, executionId))
  const clips = await Promise.all(records.map((record) => read(reading, record)))
  return clips.filter((clip) => clip !== null)
}

/** One clip of the account. *Errors:* NOT_FOUND, of a foreign one too; CLIP_GONE. */
export const ownClip = async (
  reading: Reading,
  accountId: AccountId,
  id: ClipId,
): Promise<OwnClip> => {
  const order = await ownOrder(reading, accountId, originOfClip(id).executionId)
  const record = (await recordsOf(reading, order)).find((one) => one.id === id)
  if (record === undefined) throw new MediaError('NOT_FOUND', 'no such clip')
  const clip = await read(reading, record)
  if (clip === null) throw new MediaError('CLIP_GONE', `the files of ${id} are gone`)
  return clip
}

/** The video that a clip was cut from, with what was heard in it. *Errors:* CLIP_GONE. */
export const footageOfClip = async (reading: Reading, { order }: OwnClip): Promise<Media> => {
  const { repositories, files } = reading
  const { subjectId, accountId, outputKeys } = order
  const medium = isId('media', subjectId)
    ? await repositories.media.find(accountId, subjectId)
    : null
  if (medium === null) throw new MediaError('CLIP_GONE', `${subjectId} is no medium any more`)
  const { transcript } = outputKeys
  const needed = [medium.storageKey, ...(transcript === undefined ? [] : [transcript])]
  for (const key of needed) {
    if ((await files.head(key)) === null) throw new MediaError('CLIP_GONE', `${key} is gone`)
  }
  return medium
}

/**
 * What another moment for a clip may not show: the clips of its order, as they are and as edits in work
 * make them, and what it has been before. *Errors:* CLIP_IN_WORK while another moment is looked for, for
 * another clip of the order: nobody knows which one it will be.
 */
export const spansOfOthers = async (
  reading: Reading,
  { id, order, number, versions }: OwnClip,
): Promise<readonly Span[]> => {
  const others = (await recordsOf(reading, order)).filter((record) => record.id !== id)
  const planned = others.flatMap(({ inWork }) => (inWork === null ? [] : [plannedSpan(inWork)]))
  const abouts = await Promise.all([
    ...others.map((one) => aboutOf(reading, one.versions.at(-1)!, one.number)),
    ...versions.map((version) => aboutOf(reading, version, number)),
  ])
  return [...planned, ...abouts.filter((about) => about !== null)].map(
    ({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }),
  )
}

/** What a clip is to show once a change of it is done. */
const plannedSpan = ({ id, input }: Execution): Span => {
  const { moment } = recutWish(input)
  if ('moment' in moment) return moment.moment
  const detail = 'Another clip of the order is being given another moment; wait for its end.'
  throw new FailureWithFacts('CLIP_IN_WORK', `${id} looks for a moment`, { detail })
}
