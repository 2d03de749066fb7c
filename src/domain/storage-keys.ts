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

export const taskKeys = (taskId: string) => ({
  inputKey: `tasks/${taskId}/input`,
  outputKey: `tasks/${taskId}/output.mp4`,
})
