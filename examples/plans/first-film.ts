// A film that needs no key of anybody: two cards, a slow move over each, a voice over both, captions.
//
//   SPOOL_API_KEY=… node examples/plans/first-film.ts
import {
  audioModel,
  captions,
  compose,
  generateAudio,
  generateImage,
  generateVideo,
  imageModel,
  merge,
  videoModel,
} from 'spool/sdk'

const card = (prompt: string, seed: number) =>
  generateImage({ model: imageModel('local/card', 'local'), prompt, seed, aspectRatio: '16:9' })

const scene = (prompt: string, seed: number) =>
  generateVideo({
    model: videoModel('local/pan-zoom', 'local'),
    image: card(prompt, seed),
    duration: 3,
    width: 640,
    height: 360,
  })

const film = merge([
  scene('The lamp is lit at dusk', 7),
  scene('Ships find their way', 8),
  generateAudio({
    model: audioModel('local/espeak', 'local'),
    text: 'The lamp is lit at dusk. Ships find their way.',
  }),
])

/** Words that share a time by their letters. */
const spoken = (text: string, start: number, end: number) => {
  const secondsPerLetter = (end - start) / text.length
  return [...text.matchAll(/\S+\s*/g)].map(({ 0: word, index }) => ({
    word: word.trim(),
    start: start + index * secondsPerLetter,
    end: start + (index + word.length) * secondsPerLetter,
  }))
}

const execution = await compose(
  captions({
    video: film,
    captions: [
      ...spoken('The lamp is lit at dusk.', 0, 1.8),
      ...spoken('Ships find their way.', 2.1, 3.6),
    ],
    style: { preset: 'tiktok', highlightActiveWord: true, activeWordColor: '#ffd400' },
  }),
)
  .onProgress(({ completedJobs, totalJobs, currentJob }) => {
    console.error(
      `completed ${completedJobs} of ${totalJobs}${currentJob ? `, ${currentJob}` : ''}`,
    )
  })
  .execute()

console.log(execution.result?.url)
