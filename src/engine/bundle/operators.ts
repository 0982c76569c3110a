/**
 * Operators that a bundle's graphs may use: arithmetic on tensors. Left out are those that read or
 * write anything else, that pack objects, text or random numbers, and old ones that no exporter of
 * today writes. A model that needs another one is a reason to add it here, after a look at it.
 */
const STANDARD = `
  Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization BitShift BitwiseAnd
  BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip Compress Concat Constant
  ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div
  DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather
  GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GridSample
  GroupNormalization HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LSTM
  LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization MatMul
  MatMulInteger Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not OneHot Or
  PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization Range Reciprocal ReduceL1
  ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
  ReduceSumSquare Relu Reshape Resize Round Scan ScatterElements ScatterND Selu Shape Shrink Sigmoid
  Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan
  Tanh ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor Attention
  RotaryEmbedding
`;

/** Fused and quantised kernels of the runtime itself. */
const MICROSOFT = `
  Attention BiasGelu BiasSplitGelu BiasAdd DynamicQuantizeLSTM DynamicQuantizeMatMul
  EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul GatherBlockQuantized Gelu
  GroupNorm GroupQueryAttention MatMulBnb4 MatMulFpQ4 MatMulInteger16 MatMulIntegerToFloat MatMulNBits
  MultiHeadAttention NhwcConv QAttention QGemm QLinearAdd QLinearConcat QLinearMul QLinearSigmoid
  QuickGelu RotaryEmbedding SkipGroupNorm SkipLayerNormalization SkipSimplifiedLayerNormalization
  SimplifiedLayerNormalization QuantizeLinear DequantizeLinear
`;

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["", namesIn(STANDARD)],
  ["ai.onnx", namesIn(STANDARD)],
  ["com.microsoft", namesIn(MICROSOFT)],
]);

/** True for an operator domain that the runtime itself brings and that models here may use. */
export function isAllowedDomain(domain: string): boolean {
  return ALLOWED.has(domain);
}

/** True for an operator that the graphs of a bundle may use. */
export function isAllowedOperator(domain: string, operator: string): boolean {
  return ALLOWED.get(domain)?.has(operator) === true;
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
