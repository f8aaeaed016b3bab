using System.Globalization;
using YamlDotNet.Core;

namespace ProxyCluster.Policy;

/// <summary>What is wrong with a policy, and where.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Text">One sentence.</param>
internal sealed record PolicyMistake(long Line, long Column, string Text)
{
    /// <summary>A mistake at a place of the text.</summary>
    public static PolicyMistake At(Mark mark, string text) => new(mark.Line, mark.Column, text);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Line}:{Column}: {Text}");
}
