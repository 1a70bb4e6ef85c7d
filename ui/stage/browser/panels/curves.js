/* Curves under the clock. */

import { Panel } from "../panel.js";

/** @extends {Panel<import("../contract.js").CurvesPanel>} */
export default class Curves extends Panel {}
