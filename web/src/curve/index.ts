export { CurveField } from "./CurveField";
export { CURVE, type Curve, curveOf, STRAIGHT } from "./curve";
