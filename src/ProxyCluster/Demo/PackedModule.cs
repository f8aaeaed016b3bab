using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Demo;

/// <summary>A module version as an upstream serves it, and what a checksum database says about it.</summary>
/// <param name="Module">Which one.</param>
/// <param name="Info">Body of the <c>.info</c>.</param>
/// <param name="GoMod">Body of the <c>.mod</c>.</param>
/// <param name="Zip">Body of the <c>.zip</c>.</param>
/// <param name="GoModH1">Hash of the go.mod file.</param>
/// <param name="ZipH1">Hash of the zip's content.</param>
internal sealed record PackedModule(
    ModuleVersion Module, byte[] Info, byte[] GoMod, byte[] Zip, string GoModH1, string ZipH1)
{
    /// <summary>Packs files, and reads the zip back for its hash.</summary>
    /// <param name="module">Which module version they are.</param>
    /// <param name="time">Its commit's time, RFC 3339.</param>
    /// <param name="files">Its files.</param>
    /// <exception cref="InvalidDataException">They do not make a valid module zip.</exception>
    public static PackedModule Pack(ModuleVersion module, string time, IReadOnlyList<ModuleFile> files)
    {
        using var zip = new MemoryStream();
        var created = ModuleZip.Create(zip, module, files);
        if (!created.IsValid || created.Included.Count == 0)
            throw new InvalidDataException($"{module} cannot be packed: {string.Join("; ", created.Check.Faults)}");

        // A module from before go.mod gets the one line that stands for it (spec §2).
        var goMod = files.FirstOrDefault(static file => file.Path == "go.mod") is { } written
            ? ReadAll(written)
            : Encoding.UTF8.GetBytes($"module {module.Path}\n");
        var info = Encoding.UTF8.GetBytes($"{{\"Version\":\"{module.Version}\",\"Time\":\"{time}\"}}");
        return Of(module, info, goMod, zip);
    }

    /// <summary>Takes files that were packed before.</summary>
    /// <exception cref="InvalidDataException">The zip cannot be read or hashed.</exception>
    public static PackedModule Of(ModuleVersion module, byte[] info, byte[] goMod, MemoryStream zip)
    {
        if (!ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out var error))
            throw new InvalidDataException($"{module} cannot be read back: {error}");
        return ModuleHash.TryOfZip(directory, out var zipH1, out var fault)
            ? new PackedModule(module, info, goMod, zip.ToArray(), ModuleHash.OfGoMod(goMod), zipH1)
            : throw new InvalidDataException($"{module} cannot be hashed: {fault}");
    }

    private static byte[] ReadAll(ModuleFile file)
    {
        using var content = file.Open();
        var bytes = new byte[file.Size];
        content.ReadExactly(bytes);
        return bytes;
    }
}
