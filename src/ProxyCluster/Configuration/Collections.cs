using System.Collections;
using System.Globalization;
using System.Reflection;

namespace ProxyCluster.Configuration;

/// <summary>Options that hold many values: arrays, lists and dictionaries by name.</summary>
internal static class Collections
{
    /// <summary>Whether a property of this type needs no setter.</summary>
    public static bool CanBeFilled(Type type) =>
        !type.IsArray && (typeof(IDictionary).IsAssignableFrom(type) || typeof(IList).IsAssignableFrom(type));

    /// <summary>Puts the items in place of what the property holds.</summary>
    public static void Assign(PropertyInfo property, object target, IEnumerable items)
    {
        if (property.SetMethod is { IsPublic: true })
        {
            property.SetValue(target, items);
        }
        else if (property.GetValue(target) is IDictionary dictionary)
        {
            dictionary.Clear();
            foreach (DictionaryEntry entry in (IDictionary)items)
                dictionary[entry.Key] = entry.Value;
        }
        else if (property.GetValue(target) is IList list)
        {
            list.Clear();
            foreach (var item in items)
                list.Add(item);
        }
    }

    /// <summary>Whether the type is a list, and of what.</summary>
    public static bool Is(Type type, out Type element)
    {
        element = type.IsArray ? type.GetElementType()! : type.GetGenericArguments() is [var single] ? single : typeof(object);
        return element != typeof(object);
    }

    /// <summary>What a dictionary option maps its names to.</summary>
    /// <exception cref="NotSupportedException">The option is neither a list nor a dictionary by name: mend the class.</exception>
    public static Type ValueType(PropertyInfo property) =>
        property.PropertyType.GetGenericArguments() is [var key, var value] && key == typeof(string)
            ? value
            : throw new NotSupportedException($"{property.DeclaringType?.Name}.{property.Name}: use a list or a dictionary by string");

    /// <summary>A list or array with these items.</summary>
    public static IList List(Type type, Type element, IEnumerable<object> items)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (var item in items)
            list.Add(item);
        if (!type.IsArray)
            return list;
        var array = Array.CreateInstance(element, list.Count);
        list.CopyTo(array, 0);
        return array;
    }

    /// <summary>A dictionary with these items; names are compared as configuration keys are, ignoring case.</summary>
    public static IDictionary Dictionary(Type type, IEnumerable<(string Key, object Value)> items)
    {
        var concrete = typeof(Dictionary<,>).MakeGenericType(type.GetGenericArguments());
        var dictionary = (IDictionary)Activator.CreateInstance(concrete, StringComparer.OrdinalIgnoreCase)!;
        foreach (var (key, value) in items)
            dictionary[key] = value;
        return dictionary;
    }

    /// <summary>Items with the last part of their keys.</summary>
    public static IEnumerable<(string Key, object Value)> Items(IEnumerable items)
    {
        if (items is IDictionary dictionary)
        {
            foreach (DictionaryEntry entry in dictionary)
                yield return ((string)entry.Key, entry.Value!);
            yield break;
        }

        var index = 0;
        foreach (var item in items)
            yield return (index++.ToString(CultureInfo.InvariantCulture), item);
    }
}
