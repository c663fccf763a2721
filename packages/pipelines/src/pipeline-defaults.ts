/** What the pipelines' options are where they are not given. Help texts, READMEs and docstrings are held to it by a test of the command line. */
export const pipelineDefaults = {
  run: { batchSize: 1 },
  runBatch: { unordered: false, padding: 0.02, readAhead: 256, patience: 0 },
  questionAnswering: {
    topK: 1,
    maxAnswerTokens: 30,
    strideTokens: 128,
    alignToWords: true,
    noAnswer: false,
    overlapping: false,
    minScore: 0,
  },
  fillMask: { topK: 5 },
  classifyText: { windowScores: "mean", strideTokens: 0 },
  classifyTokens: { strideTokens: 128, aggregation: "none", ignoreLabels: ["O"] },
  embedChunks: { strideTokens: 0 },
  embedText: { pooling: "mean", normalize: false },
} as const;
