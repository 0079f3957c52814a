"""Custom::Release: brings a service to the task definition that the stack asks for, and tells CloudFormation how it ended.

One function, `handler.handle`, with three callers:

- CloudFormation (`RequestType` in the event): starts the state machine named by `BLUEGREEN_STATE_MACHINE_ARN` with the input
  `{"request": <event>}`, under the request's id as execution name, and returns. Answers FAILED when it cannot.
- The state machine's `Advance` task (`{"step": "advance", "request": …, "progress": …}`; `progress` may be absent the first
  time): looks, decides, acts, and returns `{"done": true|false, "request": …, "progress": …}`, the next state as it is.
  When it is done, CloudFormation has its answer already.
- The state machine's `Abandon` task (`{"step": "abandon", "request": …, "error": …}`): answers FAILED with the error.

The function's timeout should be 60 s (one step makes about ten calls, each at most 10 s with its retries), memory 256 MB.

What its role needs, for each service of the stack (Application `A`, DeploymentGroup `G`, Cluster `C`, Service `S`):

| actions | resources |
|---|---|
| states:StartExecution | the state machine |
| codedeploy:CreateDeployment, GetDeployment, ListDeployments | deploymentgroup:A/G |
| codedeploy:GetDeploymentConfig | deploymentconfig:* of the account (the group's own is enough) |
| codedeploy:GetApplicationRevision, RegisterApplicationRevision | application:A |
| codedeploy:StopDeployment, ContinueDeployment, ListDeploymentTargets, BatchGetDeploymentTargets | * |
| ecs:DescribeServices | service/C/S |
| elasticloadbalancing:DescribeListeners | * (it has no narrower resource) |
| logs:FilterLogEvents | the log groups in HookLogGroups |

The third codedeploy row takes a deployment's id and no group: AWS's two references disagree on whether such calls can be narrowed
to a group, and a role that cannot stop a deployment is worse than one that could stop a neighbour's.
It needs no VPC. The function must not reserve concurrency below the number of services in the stack.
"""
