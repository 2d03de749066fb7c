// A portrait that was never photographed says something nobody recorded, in a room that is not there.
// Needs keys for fal and ElevenLabs on the server.
import {
  audioModel,
  compose,
  generateAudio,
  generateImage,
  generateVideo,
  imageModel,
  layers,
  videoModel,
} from 'spool/sdk'

const execution = await compose(
  layers([
    {
      media: generateImage({
        model: imageModel('google/nano-banana', 'fal'),
        prompt: 'A bright workshop, out of focus',
        aspectRatio: '16:9',
      }),
    },
    {
      media: generateVideo({
        model: videoModel('veed/fabric-1.0', 'fal'),
        image: generateImage({
          model: imageModel('google/nano-banana', 'fal'),
          prompt: 'A carpenter in an apron, looking at the camera, plain green background',
          aspectRatio: '16:9',
        }),
        audio: generateAudio({
          model: audioModel('elevenlabs/turbo-v2.5', 'elevenlabs'),
          text: 'This table was a tree once. Let me show you how.',
          voiceId: 'pNInz6obpgDQGcFmaJgB',
        }),
      }),
      placement: 'full',
      chromaKey: true,
      chromaKeyColor: '#00ff00',
    },
  ]),
).execute()

console.log(execution.result?.url)
