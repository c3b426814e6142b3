/** What the connection doctor finds. */

import { answerOf, client, type Shape } from "../../api/client";

export type Finding = Shape<"DoctorFinding">;

export const examine = () => answerOf(client.POST("/qbo/doctor"));
