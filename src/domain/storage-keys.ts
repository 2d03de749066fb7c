/** Where files lie. A key names its execution, so that a render never overwrites an earlier one's. */

const renderFolder = (videoId: string, executionId: string): string =>
  `videos/${videoId}/${executionId}`

export const renderKeys = (videoId: string, executionId: string) => {
  const folder = renderFolder(videoId, executionId)
  return {
    croppedAudioKey: `${folder}/audio.mp3`,
    coverKey: `${folder}/cover.jpg`,
    videoKey: `${folder}/video.mp4`,
    thumbnailKey: `${folder}/thumbnail.jpg`,
    squareThumbnailKey: `${folder}/thumbnail-square.jpg`,
  }
}

const taskFolder = (taskId: string): string => `tasks/${taskId}`

export const taskKeys = (taskId: string) => ({
  inputKey: `${taskFolder(taskId)}/input`,
  outputKey: `${taskFolder(taskId)}/output.mp4`,
})

/** The file that a task makes, by the usual ending of its name. */
export const taskOutputKey = (taskId: string, extension: string): string =>
  `${taskFolder(taskId)}/output.${extension}`

/**
 * Whether a file was made by us, or judged to its end before it was stored, so that a look at its
 * header is enough. Whatever lies elsewhere may have been put there by anybody with a signed URL.
 */
export const isJudgedKey = (key: string): boolean =>
  /^(videos\/|media\/[^/]+\/[^/]+\/original$|tasks\/[^/]+\/(input|output\.\w+)$)/.test(key)
