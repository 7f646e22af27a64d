//! What is built, and from which Go module of `go/`: the table. The versions are in the go.mod of each.

use super::go_build::{ModuleFiles, Program, ToolModule};

/// The Go modules that a control plane needs, in the order in which they are built.
pub(crate) static CONTROL_PLANE: [ToolModule; 3] = [
    ToolModule {
        folder: "etcd",
        version_variables: &[],
        sources: &[],
        programs: &[Program { name: "etcd", package: "go.etcd.io/etcd/server/v3" }],
        files: &[],
    },
    ToolModule {
        folder: "kubernetes",
        // Without it the servers call themselves v0.0.0-master and `kubectl version` fails.
        version_variables: &[("k8s.io/component-base/version.gitVersion", "k8s.io/kubernetes")],
        sources: &[],
        programs: &[
            Program { name: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kube-apiserver" },
            Program {
                name: "kube-controller-manager",
                package: "k8s.io/kubernetes/cmd/kube-controller-manager",
            },
            Program { name: "kube-scheduler", package: "k8s.io/kubernetes/cmd/kube-scheduler" },
            Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl" },
        ],
        files: &[],
    },
    ToolModule {
        folder: "kwok",
        version_variables: &[("sigs.k8s.io/kwok/pkg/consts.Version", "sigs.k8s.io/kwok")],
        sources: &[],
        programs: &[Program { name: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" }],
        files: &[],
    },
];

/// The Go modules that only some tests need: each is built when a test asks for it.
pub(crate) static TOOLS: [ToolModule; 4] = [
    ToolModule {
        folder: "flux",
        version_variables: &[],
        sources: &[],
        programs: &[
            Program { name: "source-controller", package: "github.com/fluxcd/source-controller" },
            Program {
                name: "kustomize-controller",
                package: "github.com/fluxcd/kustomize-controller",
            },
            Program { name: "helm-controller", package: "github.com/fluxcd/helm-controller" },
        ],
        files: &[
            ModuleFiles {
                name: "flux-sources",
                module: "github.com/fluxcd/source-controller",
                folder: "config/crd/bases",
            },
            ModuleFiles {
                name: "flux-kustomizations",
                module: "github.com/fluxcd/kustomize-controller",
                folder: "config/crd/bases",
            },
            ModuleFiles {
                name: "flux-helmreleases",
                module: "github.com/fluxcd/helm-controller",
                folder: "config/crd/bases",
            },
        ],
    },
    ToolModule {
        folder: "argocd",
        version_variables: &[],
        sources: &["redis/main.go"],
        programs: &[
            Program { name: "argocd", package: "github.com/argoproj/argo-cd/v3/cmd" },
            Program { name: "redis", package: "./redis" },
            Program { name: "kustomize", package: "sigs.k8s.io/kustomize/kustomize/v5" },
        ],
        files: &[
            ModuleFiles {
                name: "argocd-kinds",
                module: "github.com/argoproj/argo-cd/v3",
                folder: "manifests/crds",
            },
            ModuleFiles {
                name: "argocd-config",
                module: "github.com/argoproj/argo-cd/v3",
                folder: "manifests/base/config",
            },
        ],
    },
    ToolModule {
        folder: "helm3",
        version_variables: &[],
        sources: &[],
        programs: &[Program { name: "helm3", package: "helm.sh/helm/v3/cmd/helm" }],
        files: &[],
    },
    ToolModule {
        folder: "helm4",
        version_variables: &[],
        sources: &[],
        programs: &[Program { name: "helm4", package: "helm.sh/helm/v4/cmd/helm" }],
        files: &[],
    },
];
