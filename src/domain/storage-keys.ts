/** Where files lie. A key names its execution, so that a render never overwrites an earlier one's. */

const renderFolder = (videoId: string, executionId: string): string =>
  `videos/${videoId}/${executionId}`

export const renderKeys = (videoId: string, executionId: string) => {
  const folder = renderFolder(videoId, executionId)
  return {
    croppedAudioKey: `${folder}/audio.mp3`,
    coverKey: `${folder}/cover.jpg`,
  }
}

/** Each delivery has a folder of its own, so that what is stored late for a renderer that had its turn
 * cannot replace the verified video of the next one. */
export const deliveryKeys = (videoId: string, executionId: string, round: number) => {
  const videoKey = `${renderFolder(videoId, executionId)}/${round}/video.mp4`
  return { videoKey, ...thumbnailKeys(videoKey) }
}

/** The pictures of a video lie beside it. */
export const thumbnailKeys = (videoKey: string) => {
  const folder = videoKey.slice(0, videoKey.lastIndexOf('/'))
  return {
    thumbnailKey: `${folder}/thumbnail.jpg`,
    squareThumbnailKey: `${folder}/thumbnail-square.jpg`,
  }
}

/** An upload or import, as it was sent. */
export const mediaKey = (accountId: string, mediaId: string): string =>
  `media/${accountId}/${mediaId}/original`

/** Where a stream of a medium lies, and where its parts leave notes for each other. Each order has its
 * own folders, so that what is played is never written over. */
export const streamKeys = (stream: {
  readonly accountId: string
  readonly mediaId: string
  readonly executionId: string
}) => {
  const folder = `media/${stream.accountId}/${stream.mediaId}`
  return {
    folderKey: `${folder}/streams/${stream.executionId}`,
    workKey: `${folder}/parts/${stream.executionId}`,
  }
}

/** What was made or brought in for a generation, by its content: equal files are kept once. */
export const generationFileKey = (
  accountId: string,
  file: { readonly sha256: string; readonly extension: string },
): string => `generations/${accountId}/${file.sha256}.${file.extension}`

/** A provider's answer to one paid order, until it is collected. */
export const modelAnswerKey = (order: {
  readonly accountId: string
  readonly executionId: string
  readonly reference: string
}): string => {
  const { accountId, executionId, reference } = order
  const name = reference.replaceAll(/[^\w.-]/g, '_')
  return `generations/${accountId}/answers/${executionId}/${name}`
}

/** A file that refers to its neighbours, or is referred to: those of a stream, and of a task that makes
 * a folder. Its folder, and its name in it; null for any other key. */
export const splitFolderKey = (
  key: string,
): { readonly folderKey: string; readonly name: string } | null => {
  const [, folderKey, name] =
    /^(media\/[^/]+\/[^/]+\/streams\/[^/]+|tasks\/[^/]+\/[^/]+)\/(.+)$/.exec(key) ?? []
  return folderKey === undefined || name === undefined ? null : { folderKey, name }
}

/** Where the files of a localization lie. Each order has its own folder. */
export const localizationFolderKey = (of: {
  readonly accountId: string
  readonly mediaId: string
  readonly executionId: string
}): string => `media/${of.accountId}/${of.mediaId}/localizations/${of.executionId}`

/** Where the clips of an order lie. */
export const clipFolderKey = (of: {
  readonly accountId: string
  readonly mediaId: string
  readonly executionId: string
}): string => `media/${of.accountId}/${of.mediaId}/clips/${of.executionId}`

/** Where the subtitles of a medium lie that are part of every stream of it, whichever came first.
 * *Order:* the folder of a stream or localization of that medium. */
export const captionsFolderKey = (orderFolderKey: string): string =>
  `${orderFolderKey.split('/').slice(0, -2).join('/')}/captions`

/** What an engine answered to one question of an order, in the order's folder. */
export const engineAnswerKey = (orderFolderKey: string, questionHash: string): string =>
  `${orderFolderKey}/answers/${questionHash}.json`

/** What one range of some rungs leaves for the join. */
export const ladderPartKey = (
  workKey: string,
  rungNames: readonly string[],
  range: { readonly firstSegment: number; readonly segmentCount: number },
): string => `${workKey}/${rungNames.join('_')}/${range.firstSegment}-${range.segmentCount}.json`

export const ladderSoundKey = (workKey: string): string => `${workKey}/sound.json`

/** Where all files of a task lie. */
export const taskFolder = (taskId: string): string => `tasks/${taskId}`

export const taskKeys = (taskId: string) => ({
  inputKey: `${taskFolder(taskId)}/input`,
  outputKey: `${taskFolder(taskId)}/output.mp4`,
})

/** The file that a task makes, without the ending of its name. */
export const taskOutputStem = (taskId: string): string => `${taskFolder(taskId)}/output`

/** The file that a task makes, by the usual ending of its name. */
export const taskOutputKey = (taskId: string, extension: string): string =>
  `${taskOutputStem(taskId)}.${extension}`

/** Where the files of a task lie that names each other: `name` says what they are. */
export const taskFolderKey = (taskId: string, name: string): string =>
  `${taskFolder(taskId)}/${name}`

/**
 * Whether a file was made by us, or judged to its end before it was stored, so that a look at its
 * header is enough. Whatever lies elsewhere may have been put there by anybody with a signed URL.
 */
export const isJudgedKey = (key: string): boolean =>
  /^(videos\/|media\/[^/]+\/[^/]+\/original$|tasks\/[^/]+\/(input|output\.\w+)$|generations\/[^/]+\/[0-9a-f]{64}\.\w+$)/.test(
    key,
  )
