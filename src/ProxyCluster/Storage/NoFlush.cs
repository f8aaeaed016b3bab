using Microsoft.Win32.SafeHandles;

namespace ProxyCluster.Storage;

/// <summary>Leaves it to the operating system when bytes reach the disk.</summary>
internal sealed class NoFlush : IFlush
{
    public void File(SafeFileHandle file)
    {
    }

    public void Directory(string path)
    {
    }
}
