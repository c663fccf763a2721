export { tensorflow } from "./tensorflow.ts";
export { hdf5Container } from "./container/hdf5-container.ts";
export { hdf5ShardedContainer } from "./container/hdf5-sharded.ts";
export { kerasWeightsEnvelope } from "./envelope/keras-weights.ts";
export { tensorflowLayout } from "./layout/tensorflow-layout.ts";
export { tensorflowTarget } from "./target/tensorflow-target.ts";
