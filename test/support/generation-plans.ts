/** Jobs of plans as customers write them. */

type Job = Readonly<Record<string, unknown>> & { readonly id: string }

/** An image that needs no key. */
export const card = (id: string, prompt: string): Job => ({
  id,
  type: 'generateImage',
  params: { model: 'local/card', provider: 'local', prompt, width: 320, height: 180 },
})

/** A video by the provider of asynchronous videos; of an image, if it names one. */
export const remoteVideo = (
  id: string,
  wish: { readonly prompt: string; readonly imageId?: string; readonly durationSeconds?: number },
): Job => ({
  id,
  type: 'generate',
  fallbacks: [],
  params: {
    model: 'async-video/default',
    provider: 'async-video',
    prompt: wish.prompt,
    ...(wish.imageId === undefined ? {} : { image: `_imageJobDependency:${wish.imageId}` }),
    duration: wish.durationSeconds ?? 2,
  },
})

/** An image by a provider of which a lost order cannot be found again. */
export const falImage = (id: string, prompt: string): Job => ({
  id,
  type: 'generateImage',
  fallbacks: [],
  params: { model: 'google/nano-banana', provider: 'fal', prompt },
})

/** Clips one after the other. */
export const merge = (id: string, videoIds: readonly string[]): Job => ({
  id,
  type: 'merge',
  params: {
    items: videoIds.map((videoId) => ({ type: 'video', url: `_videoJobDependency:${videoId}` })),
  },
})

export const thumbnail = (id: string, videoId: string): Job => ({
  id,
  type: 'thumbnail',
  params: { video: `_videoJobDependency:${videoId}`, format: 'png' },
})

export const trim = (id: string, videoId: string, endSeconds: number): Job => ({
  id,
  type: 'trim',
  params: { video: `_videoJobDependency:${videoId}`, start: 0, end: endSeconds },
})
