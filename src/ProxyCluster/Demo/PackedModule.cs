using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Demo;

/// <summary>A sample as an upstream serves it, and what a checksum database says about it.</summary>
/// <param name="Module">Which one.</param>
/// <param name="Info">Body of the <c>.info</c>.</param>
/// <param name="GoMod">Body of the <c>.mod</c>.</param>
/// <param name="Zip">Body of the <c>.zip</c>.</param>
/// <param name="GoModH1">Hash of the go.mod file.</param>
/// <param name="ZipH1">Hash of the zip's content.</param>
internal sealed record PackedModule(
    ModuleVersion Module, byte[] Info, byte[] GoMod, byte[] Zip, string GoModH1, string ZipH1);
