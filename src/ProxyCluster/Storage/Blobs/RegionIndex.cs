using System.IO.Compression;
using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// The list of what a region's shared store held at a time, in one object: gzip of a line that says what it is, then one module
/// version a line, <c>PATH VERSION</c>, in the order of their names in the store. A million of them have some ten megabytes.
/// </summary>
internal static class RegionIndex
{
    /// <summary>Writes one, by the names of the records alone: none of them is read.</summary>
    public static async Task<byte[]> WriteAsync(string head, IAsyncEnumerable<ModuleVersion> modules)
    {
        var bytes = new MemoryStream();
        await using (var text = new StreamWriter(new GZipStream(bytes, CompressionLevel.Optimal), new UTF8Encoding(false)) { NewLine = "\n" })
        {
            await text.WriteLineAsync("# " + head);
            await foreach (var module in modules)
                await text.WriteLineAsync($"{module.Path} {module.Version}");
        }

        return bytes.ToArray();
    }
}
