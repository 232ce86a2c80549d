import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { Platform } from "./platform";

// It listens on 8080 without root. By digest, so that a restart runs what was reviewed.
const IMAGE =
    "docker.io/nginxinc/nginx-unprivileged:1.29.3-alpine" +
    "@sha256:5aea7cc516b419e3526f47dd1531be31a56a046cfe44754d94f9383e13e2ee99";
const NAME = "orders";
const metadata = { name: NAME, namespace: "app-orders" };
const labels = { "app.kubernetes.io/name": NAME };

const config = new pulumi.Config();
const platform = new Platform(config.require("platform"));
const provider = new kubernetes.Provider("kubernetes", {
    kubeconfig: platform.get("kubeconfig"),
    clusterIdentifier: platform.get("clusterArn"),
    enableServerSideApply: true,
});

const deployment = new kubernetes.apps.v1.Deployment(
    NAME,
    {
        metadata,
        spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            template: {
                metadata: { labels },
                spec: {
                    automountServiceAccountToken: false,
                    terminationGracePeriodSeconds: 60,
                    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
                    topologySpreadConstraints: [
                        {
                            topologyKey: "topology.kubernetes.io/zone",
                            maxSkew: 1,
                            whenUnsatisfiable: "ScheduleAnyway",
                            labelSelector: { matchLabels: labels },
                        },
                    ],
                    containers: [
                        {
                            name: NAME,
                            image: IMAGE,
                            ports: [{ name: "http", containerPort: 8080 }],
                            readinessProbe: { httpGet: { path: "/", port: "http" } },
                            // Traefik goes on sending for some seconds after the pod has begun to end.
                            lifecycle: { preStop: { sleep: { seconds: 15 } } },
                            resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "64Mi" } },
                            securityContext: {
                                allowPrivilegeEscalation: false,
                                readOnlyRootFilesystem: true,
                                capabilities: { drop: ["ALL"] },
                            },
                            volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
                        },
                    ],
                    volumes: [{ name: "tmp", emptyDir: {} }],
                },
            },
        },
    },
    { provider },
);

new kubernetes.policy.v1.PodDisruptionBudget(
    NAME,
    { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
    { provider },
);

const service = new kubernetes.core.v1.Service(
    NAME,
    { metadata, spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] } },
    { provider, dependsOn: deployment },
);

const host = config.require("host");
new kubernetes.apiextensions.CustomResource(
    NAME,
    {
        apiVersion: "traefik.io/v1alpha1",
        kind: "IngressRoute",
        metadata,
        spec: {
            entryPoints: ["web"],
            routes: [{ kind: "Rule", match: `Host(\`${host}\`)`, services: [{ name: NAME, port: "http" }] }],
        },
    },
    { provider, dependsOn: service },
);

export const url = platform.get("ingressHosts").apply((hosts) => `${hosts.length > 0 ? "https" : "http"}://${host}`);
export const loadBalancer = platform.get("ingressDnsName");
